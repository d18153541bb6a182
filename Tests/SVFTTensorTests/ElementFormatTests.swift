// Encoding, in every format that can: little error, the same bytes on every processor, and what is
// no number stays none.
import SVFTTensor
import TestKit
import Testing

@Suite struct ElementFormatTests {
  /// Formats whose encoder is a search, and the error it may leave of numbers from -1 to 1, to
  /// their own size: what ggml's leaves.
  static let searched: [(name: String, error: Double)] = [
    ("Q2_K", 0.234), ("Q3_K", 0.125), ("Q4_K", 0.0546), ("Q5_K", 0.0276), ("Q6_K", 0.0132),
    ("IQ4_NL", 0.0641), ("IQ4_XS", 0.0647),
  ]
  /// Those that have a reference too, and search where values have an importance.
  static let referenced = ["Q4_0", "Q4_1", "Q5_0", "Q5_1"]
  private static let inBlocks = ElementFormats.encodable.filter { $0.blockLength > 1 }

  /// How far `found` is from `values`, to their own size.
  private func error(_ values: [Float], _ found: [Float]) -> Double {
    var (off, size) = (0.0, 0.0)
    for (value, found) in zip(values, found) {
      off += Double((value - found) * (value - found))
      size += Double(value * value)
    }
    return (off / size).squareRoot()
  }

  @Test func everyFormatThatWeighsIsSearched() {
    let weighing = ElementFormats.all.filter { $0.kernels.weighs }.map { $0.name }
    #expect(Set(Self.searched.map { $0.name } + Self.referenced) == Set(weighing))
  }

  @Test(arguments: searched)
  func aSearchLeavesLittleErrorEverywhereTheSame(_ row: (name: String, error: Double)) throws {
    let format = try ElementFormats.required(row.name)
    var numbers = TestNumbers(seed: 8)
    let values = numbers.array(256 * 40)
    let bytes = encode(values, format)
    #expect(error(values, decode(bytes, values.count, format)) < row.error)
    for set in Kernels.instructionSets {
      let isSame = Kernels.with(set) { encode(values, format) } == bytes
      #expect(isSame, "\(set)")
    }
  }

  /// Values that matter more are met better, at the cost of the others.
  @Test(arguments: searched.map { $0.name } + referenced)
  func importantValuesAreMetBetter(_ name: String) throws {
    let format = try ElementFormats.required(name)
    var numbers = TestNumbers(seed: 9)
    let values = numbers.array(256 * 40)
    let importance = values.indices.map { $0 % 5 == 0 ? Float(50) : 1 }
    var bytes = [UInt8](repeating: 0, count: format.rowBytes(values.count))
    bytes.withUnsafeMutableBytes { target in
      guard let target = target.baseAddress else { return }
      format.encode(values, importance: importance, count: values.count, into: target)
    }
    func error(_ found: [Float], ofImportant isImportant: Bool) -> Double {
      let places = values.indices.filter { ($0 % 5 == 0) == isImportant }
      return self.error(places.map { values[$0] }, places.map { found[$0] })
    }
    let plain = decode(encode(values, format), values.count, format)
    let found = decode(bytes, values.count, format)
    #expect(error(found, ofImportant: true) < error(plain, ofImportant: true))
    #expect(error(found, ofImportant: false) > error(plain, ofImportant: false))
  }

  /// Zeros stay zeros, a constant is met, and small numbers do not grow.
  @Test(arguments: inBlocks)
  func plainBlocksAreMet(_ format: any ElementFormat) {
    let length = format.blockLength
    for constant in [0, 1, -1, 3e-9, -2.5e4] as [Float] {
      let values = [Float](repeating: constant, count: length)
      let bound = max(abs(constant) * 0.21, 1e-7)
      for found in decode(encode(values, format), length, format) {
        #expect(abs(found - constant) <= bound)
      }
    }
  }

  @Test(arguments: inBlocks, [Float.nan, .infinity, -.infinity, 3e38])
  func whatIsNoNumberStaysNone(_ format: any ElementFormat, _ value: Float) {
    let length = format.blockLength
    for place in [0, length / 2 + 1, length - 1] {
      var values = [Float](repeating: 1, count: 2 * length)
      values[place] = value
      let found = decode(encode(values, format), 2 * length, format)
      // A power of two reaches as far as F32 does, and so does a scale in F32.
      let reaches = ["MXFP4", "NF4"].contains(format.name) && value.isFinite
      #expect(reaches || found.prefix(length).contains { !$0.isFinite })
      #expect(found.suffix(length).allSatisfy { $0.isFinite })
    }
  }
}
