// Limits hold to the last one allowed and stop the first beyond, before memory is asked for.
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct LimitsTests {
  typealias H = HostileFiles

  @Test func nestingStopsAtItsDepth() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try JSON.parse(nested(Limits.jsonDepth))
    let error = #expect(throws: SVFTError.self) { try JSON.parse(nested(Limits.jsonDepth + 1)) }
    #expect(error?.kind == .limit)
  }

  @Test func digitsStopAtTheirNumber() throws {
    func digits(_ count: Int) -> String { "0." + String(repeating: "1", count: count - 2) }
    _ = try JSON.parse(digits(Limits.jsonNumberBytes))
    let error = #expect(throws: SVFTError.self) {
      try JSON.parse(digits(Limits.jsonNumberBytes + 1))
    }
    #expect(error?.kind == .limit)
  }

  @Test func keysStopAtTheirLength() throws {
    func entry(_ length: Int) -> [UInt8] {
      H.gguf(metadata: [H.ggufEntry(String(repeating: "k", count: length), 7, [1])])
    }
    let folder = try TemporaryFolder()
    _ = try GGUF(folder.write("f", entry(Limits.keyBytes)))
    let path = try folder.write("g", entry(Limits.keyBytes + 1))
    #expect(#expect(throws: SVFTError.self) { try GGUF(path) }?.kind == .limit)
  }

  /// A file of 100 bytes that claims the most it may, and one more.
  @Test func claimedCountsAskForNoMemory() throws {
    let folder = try TemporaryFolder()
    for (beyond, expected) in [(0, SVFTError.Kind.truncated), (1, .limit)] {
      let files = [
        H.gguf(metadataCount: UInt64(Limits.metadataEntries + beyond)),
        H.gguf(tensorCount: UInt64(Limits.tensors + beyond)),
        H.gguf(metadata: [
          H.ggufEntry(
            "a", 9, H.bytes(UInt32(4)) + H.bytes(UInt64(Limits.arrayElements + beyond)))
        ]),
      ]
      for (number, file) in files.enumerated() {
        let path = try folder.write("f\(number)", file)
        let error = #expect(throws: SVFTError.self) { try GGUF(path) }
        #expect(error?.kind == expected, "file \(number): \(error?.message ?? "")")
      }
    }
  }
}
