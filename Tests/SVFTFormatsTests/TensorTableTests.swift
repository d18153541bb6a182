// The places of tensors in a file: one after the other, nothing between, nothing behind.
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct TensorTableTests {
  typealias H = HostileFiles

  @Test(
    arguments: [
      ([("a", UInt64(0)), ("b", 32)], 64, nil, ""), ([("b", 32), ("a", 0)], 64, nil, ""),
      ([("a", 0), ("b", 16)], 64, SVFTError.Kind.format, "overlaps"),
      ([("a", 0), ("b", 64)], 96, .format, "leaves a hole"),
      ([("a", 32)], 64, .format, "leaves a hole"),
      ([("a", 0), ("a", 32)], 64, .format, "stands twice"),
      ([("a", 0), ("b", 32)], 63, .truncated, "ends at byte"),
      ([("a", 0), ("b", 32)], 65, .format, "1 bytes more"),
      ([("a", 0), ("b", 0)], 64, .format, "overlaps"),
    ] as [([(String, UInt64)], Int, SVFTError.Kind?, String)])
  func placesAreCheckedAgainstEachOther(
    _ tensors: [(String, UInt64)], _ size: Int, _ kind: SVFTError.Kind?, _ words: String
  ) throws {
    let folder = try TemporaryFolder()
    let file = H.gguf(
      tensors: tensors.map { H.ggufTensor($0.0, [8], offset: $0.1) },
      data: [UInt8](repeating: 1, count: size))
    let path = try folder.write("f.gguf", file)
    guard let kind else {
      #expect(try GGUF(path).names == ["a", "b"])
      return
    }
    let error = #expect(throws: SVFTError.self) { try GGUF(path) }
    #expect(error?.kind == kind, "\(error?.message ?? "")")
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  /// The padding behind the last tensor is missing in files of some writers.
  @Test func theLastPaddingMayBeMissing() throws {
    let folder = try TemporaryFolder()
    for size in [4, 32] {
      let file = H.gguf(
        tensors: [H.ggufTensor("a", [1])], data: [UInt8](repeating: 1, count: size))
      #expect(try GGUF(folder.write("f", file)).bytes("a").array == [1, 1, 1, 1])
    }
  }
}
