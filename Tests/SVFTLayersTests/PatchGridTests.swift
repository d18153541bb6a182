// Images in patches: order, sizes that do not divide, and what is no image.
import SVFTLayers
import SVFTTensor
import Testing

struct PatchGridTests {
  @Test func patchesLieAsAKernelDoes() throws {
    let grid = try PatchGrid(
      channels: 2, height: 4, width: 7, patchHeight: 2, patchWidth: 3, specials: 1)
    #expect(grid.rows == 1 + 2 * 2 && grid.patchNumbers == 12 && grid.numbers == 56)
    #expect(grid.kinds == [0, 1, 1, 1, 1])
    // Number 100 c + 10 y + x at channel c, line y, column x; column 6 belongs to no patch.
    let image = (0..<56).map { (index: Int) -> Float in
      Float(100 * (index / 28) + 10 * (index / 7 % 4) + index % 7)
    }
    var rows = [Float](repeating: -1, count: 4 * 12)
    grid.cut(image, into: &rows)
    #expect(rows[0..<12] == [0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112])
    #expect(rows[12..<18] == [3, 4, 5, 13, 14, 15])
    #expect(rows[24..<30] == [20, 21, 22, 30, 31, 32])
  }

  @Test func anImageWithoutAPatchIsRefused() {
    for (height, patch, specials) in [(3, 4, 1), (4, 0, 1), (4, 2, -1), (0, 1, 0)] {
      let failure = #expect(throws: SVFTError.self) {
        try PatchGrid(
          channels: 3, height: height, width: 8, patchHeight: patch, patchWidth: 2,
          specials: specials)
      }
      #expect(failure?.kind == .format)
    }
    let failure = #expect(throws: SVFTError.self) {
      try PatchGrid(
        channels: 1 << 20, height: 1 << 30, width: 1 << 30, patchHeight: 1, patchWidth: 1,
        specials: 1)
    }
    #expect(failure?.kind == .limit)
  }
}
