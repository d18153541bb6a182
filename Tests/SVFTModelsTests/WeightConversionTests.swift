// Matrices in another format: the same bytes for any team.
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("Weight conversion")
struct WeightConversionTests {
  private static func matrix(_ rows: Int, _ columns: Int) throws -> Weight {
    let bytes = try Buffer(of: Float.self, count: rows * columns)
    var random = RandomSource(seed: 3, purpose: "matrix")
    let values = bytes.values(Float.self)
    for index in values.indices { values[index] = Float(random.normal()) }
    return try Weight(format: ElementFormats.f32, rows: rows, columns: columns, bytes: bytes)
  }

  @Test("Any number of threads gives the bytes of encoding it whole", arguments: [1, 2, 3, 5])
  func threads(_ threads: Int) throws {
    for format in ElementFormats.encodable {
      let columns = format.width(96)
      let matrix = try Self.matrix(130, columns)
      let converted = try matrix.converted(to: format, threads: threads)
      let whole = try Buffer(byteCount: 130 * format.rowBytes(columns))
      withExtendedLifetime((matrix, whole)) {
        format.encode(
          matrix.bytes.pointer.assumingMemoryBound(to: Float.self), count: 130 * columns,
          into: whole.pointer)
      }
      #expect(converted.format.name == format.name)
      #expect(converted.bytes.array == whole.array)
    }
  }

  @Test("Rows that are no whole blocks become F16")
  func fallback() throws {
    for format in ElementFormats.encodable where !format.fits(columns: 33) {
      #expect(try Self.matrix(4, 33).converted(to: format, threads: 1).format.name == "F16")
    }
  }

  @Test("Nothing is brought into a format that is read alone")
  func readAlone() throws {
    for format in ElementFormats.all where !format.canEncode {
      let failure = #expect(throws: SVFTError.self) {
        try Self.matrix(2, 256).converted(to: format, threads: 1)
      }
      #expect(failure?.kind == .unsupported)
      #expect(failure?.message.contains(format.name) == true)
    }
  }

  @Test("A matrix that is in the format already stays where it is")
  func unchanged() throws {
    let matrix = try Self.matrix(2, 32)
    #expect(try matrix.converted(to: ElementFormats.f32, threads: 2) === matrix)
  }

  /// Numbers that a format has no code for, and how the refusal names them.
  static let strangers: [(value: Float, format: String, words: String)] =
    ElementFormats.encodable.dropFirst().flatMap { format in
      [Float.nan, .infinity, -.infinity].map { ($0, format.name, "NaN or infinity") }
    } + [(7e4, "F16", "70000.0"), (-3e7, "Q8_0", "3e+07"), (3e7, "Q4_0", "3e+07")]

  @Test("What a format cannot hold is refused with its row", arguments: strangers)
  func refused(_ row: (value: Float, format: String, words: String)) throws {
    let format = try #require(ElementFormats.all.first { $0.name == row.format })
    let columns = format.width(96)
    for place in [0, 70 * columns + 33, 130 * columns - 1] {
      let matrix = try Self.matrix(130, columns)
      matrix.bytes.values(Float.self)[place] = row.value
      for threads in [1, 3] {
        let failure = #expect(throws: SVFTError.self) {
          try matrix.converted(to: format, threads: threads)
        }
        #expect(failure?.kind == .nonFinite)
        #expect(failure?.message.hasPrefix("row \(place / columns): ") == true)
        #expect(failure?.message.contains(row.words) == true)
      }
    }
  }
}
