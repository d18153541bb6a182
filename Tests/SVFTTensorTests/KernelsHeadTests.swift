// One head's scores and mixtures, in every format and on every instruction set: as in Double over
// the decoded values, and with the bits of F32 rows that hold them.
import SVFTTensor
import TestKit
import Testing

@Suite struct KernelsHeadTests {
  static let formats = ElementFormats.all.filter(\.kernels.servesHeads)

  /// Rows of three heads' width in a format, and the middle head of them.
  struct Rows {
    let format: any ElementFormat
    let count: Int
    let width: Int
    let bytes: Buffer
    /// The middle head's values, dense.
    let values: [Float]

    init(_ format: any ElementFormat, count: Int, width: Int, _ numbers: inout TestNumbers) throws {
      self.format = format
      (self.count, self.width) = (count, width)
      let encoded = encode(numbers.array(count * 3 * width), format)
      bytes = try Buffer(byteCount: encoded.count)
      bytes.pointer.copyMemory(from: encoded, byteCount: encoded.count)
      let all = decode(encoded, count * 3 * width, format)
      values = (0..<count * width).map { all[$0 / width * 3 * width + width + $0 % width] }
    }

    var head: Kernels.Head { first(count) }

    func first(_ rows: Int) -> Kernels.Head {
      Kernels.Head(
        format.kernels, bytes.pointer + format.rowBytes(width),
        rowBytes: format.rowBytes(3 * width), rows: rows, width: width)
    }
  }

  /// Every tail of rows, of queries and (where blocks allow) of columns.
  static func shapes(_ format: any ElementFormat) -> [(count: Int, queries: Int, width: Int)] {
    let widths = format.blockLength == 1 ? Array(1...67) + [80, 100, 128, 256] : [32, 64, 96, 256]
    var shapes = widths.map { (count: $0 % 9, queries: 1 + $0 % 8, width: $0) }
    shapes += (0...17).map { (count: $0, queries: 3, width: 64) }
    shapes += (1...9).map { (count: 13, queries: $0, width: 96) }
    return shapes + [(count: 256, queries: 3, width: 64), (count: 100, queries: 8, width: 128)]
  }

  /// Scores and mixtures of a head by the kernels; between rows of results lie sevens.
  private static func results(
    _ head: Kernels.Head, _ q: [Float], _ weights: [Float], queries: Int, _ start: [Float]
  ) -> (scores: [Float], mixed: [Float]) {
    var scores = [Float](repeating: 7, count: queries * (head.rows + 1))
    var mixed = start
    q.withUnsafeBufferPointer { q in
      weights.withUnsafeBufferPointer { weights in
        guard let q = q.baseAddress, let weights = weights.baseAddress else { return }
        head.scores(
          of: Kernels.Matrix(q, rowStride: head.width + 1), count: queries, scale: 0.5,
          into: &scores, stride: head.rows + 1)
        head.mix(
          Kernels.Matrix(weights, rowStride: head.rows + 1), count: queries, into: &mixed,
          stride: head.width + 1, accumulate: true)
      }
    }
    return (scores, mixed)
  }

  @Test(arguments: formats, Kernels.instructionSets)
  func agreesWithDoubleAndWithTheBitsOfF32(
    _ format: any ElementFormat, _ set: Kernels.InstructionSet
  ) throws {
    for (count, queries, width) in Self.shapes(format) {
      var numbers = TestNumbers(seed: count + 31 * queries + 1000 * width)
      let rows = try Rows(format, count: count, width: width, &numbers)
      let q = numbers.array(queries * (width + 1))
      let weights = numbers.array(queries * (count + 1))
      let start = numbers.array(queries * (width + 1))
      let (scores, mixed) = Kernels.with(set) {
        Self.results(rows.head, q, weights, queries: queries, start)
      }
      let plain = try Buffer(of: Float.self, count: count * width)
      rows.head.decode(
        into: plain.values().baseAddress ?? plain.pointer.assumingMemoryBound(to: Float.self))
      #expect(Array(plain.values(Float.self)) == rows.values)
      let same = Kernels.with(set) {
        Self.results(
          Kernels.Head(.f32, plain.pointer, rowBytes: 4 * width, rows: count, width: width), q,
          weights, queries: queries, start)
      }
      #expect(same == (scores, mixed), "\(count) \(queries) \(width)")
      for t in 0..<queries {
        #expect(scores[t * (count + 1) + count] == 7)
        #expect(mixed[t * (width + 1) + width] == start[t * (width + 1) + width])
        for j in 0..<count {
          let sum = (0..<width).reduce(0.0) {
            $0 + Double(q[t * (width + 1) + $1]) * Double(rows.values[j * width + $1])
          }
          #expect(abs(Double(scores[t * (count + 1) + j]) - 0.5 * sum) < 2e-5)
        }
        for d in 0..<width {
          let sum = (0..<count).reduce(Double(start[t * (width + 1) + d])) {
            $0 + Double(weights[t * (count + 1) + $1]) * Double(rows.values[$1 * width + d])
          }
          #expect(abs(Double(mixed[t * (width + 1) + d]) - sum) < 2e-5)
        }
      }
    }
  }

  @Test(arguments: formats, Kernels.instructionSets)
  func aQuerysNumbersDoNotDependOnTheOthers(
    _ format: any ElementFormat, _ set: Kernels.InstructionSet
  ) throws {
    var numbers = TestNumbers(seed: 5)
    let rows = try Rows(format, count: 11, width: 64, &numbers)
    let (q, weights) = (numbers.array(9 * 65), numbers.array(9 * 12))
    let start = numbers.array(9 * 65)
    let together = Kernels.with(set) { Self.results(rows.head, q, weights, queries: 9, start) }
    for t in 0..<9 {
      let alone = Kernels.with(set) {
        Self.results(
          rows.head, Array(q[t * 65..<(t + 1) * 65]), Array(weights[t * 12..<(t + 1) * 12]),
          queries: 1, Array(start[t * 65..<(t + 1) * 65]))
      }
      #expect(alone.scores == Array(together.scores[t * 12..<(t + 1) * 12]))
      #expect(alone.mixed == Array(together.mixed[t * 65..<(t + 1) * 65]))
    }
    // Nor a row's on those behind it.
    let few = Kernels.with(set) {
      Self.results(rows.first(6), q, weights, queries: 1, start)
    }
    #expect(few.scores.prefix(6) == together.scores.prefix(6))
  }

  @Test func withoutAccumulationNothingOfTheTargetStays() throws {
    var numbers = TestNumbers(seed: 6)
    for format in Self.formats {
      let rows = try Rows(format, count: 5, width: 96, &numbers)
      let weights = numbers.array(3 * 5)
      var mixed = [Float](repeating: .nan, count: 3 * 96)
      weights.withUnsafeBufferPointer { weights in
        guard let weights = weights.baseAddress else { return }
        rows.head.mix(
          Kernels.Matrix(weights, rowStride: 5), count: 3, into: &mixed, stride: 96,
          accumulate: false)
      }
      #expect(mixed.allSatisfy { $0.isFinite })
    }
  }
}
