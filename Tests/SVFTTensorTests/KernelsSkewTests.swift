// Diagonals of a block of scores against loops, on every instruction set, places shared or not.
import SVFTTensor
import TestKit
import Testing

@Suite struct KernelsSkewTests {
  @Test(arguments: Kernels.instructionSets, [1, 3])
  func numbersLieAlongDiagonalsAndGatherBack(_ set: Kernels.InstructionSet, _ shared: Int) {
    for (rows, columns) in [(1, 1), (5, 17), (64, 33), (3, 64)] {
      var numbers = TestNumbers(seed: rows)
      let (stride, lds) = (rows + columns + 2, columns + 3)
      let places = (0..<rows + columns - 1).map { Int32($0 / shared) }
      let (c, d) = (numbers.array(rows * stride), numbers.array(columns * stride))
      let before = numbers.array(rows * lds)
      var (scores, byRow, byColumn) = (before, c, d)
      Kernels.with(set) {
        let skew = Kernels.Skew(rows: rows, columns: columns, places: places, stride: stride)
        skew.add(byRow: c, byColumn: nil, to: &scores, lds: lds)
        skew.add(byRow: nil, byColumn: d, to: &scores, lds: lds)
        skew.gather(before, lds: lds, byRow: &byRow, byColumn: &byColumn)
      }
      var (expected, rowSums, columnSums) = (before, c, d)
      for i in 0..<rows {
        for j in 0..<columns {
          let place = Int(places[i - j + columns - 1])
          expected[i * lds + j] += c[i * stride + place]
          expected[i * lds + j] += d[j * stride + place]
          rowSums[i * stride + place] += before[i * lds + j]
          columnSums[j * stride + place] += before[i * lds + j]
        }
      }
      #expect(scores == expected && byRow == rowSums && byColumn == columnSums)
    }
  }
}
