// Models in several GGUF files: read as one, and refused with what is wrong with them.
import Foundation
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

struct SplitGGUFTests {
  /// Three parts with one, two and no tensors, changed by `change`.
  private struct Parts {
    let folder: TemporaryFolder
    static let count = 3

    init(
      tensors: [[String]] = [["a"], ["b", "c"], []],
      _ change: (Int, inout [(key: String, value: GGUFValue)]) throws -> Void = { _, _ in }
    ) throws {
      folder = try TemporaryFolder()
      for number in 0..<Parts.count {
        var metadata: [(key: String, value: GGUFValue)] = try [
          ("split.no", .uint32(number)), ("split.count", .uint32(Parts.count)),
          ("split.tensors.count", .uint32(3)),
        ]
        if number == 0 { metadata.append(("general.name", .string("whole"))) }
        try change(number, &metadata)
        let outgoing = try tensors[number].enumerated().map { place, name in
          let bytes = try Buffer(of: Float.self, count: 4)
          for index in 0..<4 { bytes.values(Float.self)[index] = Float(10 * number + place) }
          return OutgoingTensor(name, [4], try StoredType.named("F32"), bytes: bytes)
        }
        try GGUFWriter.write(path(number), outgoing, metadata: metadata)
      }
    }

    func path(_ number: Int) -> String { folder.file("m-0000\(number + 1)-of-00003.gguf") }

    func open(_ number: Int = 0) throws -> SplitGGUF {
      try SplitGGUF(GGUF(path(number), isPart: true))
    }
  }

  private func message(_ body: () throws -> SplitGGUF) -> String {
    (#expect(throws: SVFTError.self) { _ = try body() })?.message ?? ""
  }

  @Test func partsAreReadAsOne() throws {
    let model = try Parts().open()
    #expect(model.names == ["a", "b", "c"])
    let bytes = try model.bytes("c")
    #expect(withExtendedLifetime(bytes) { Array(bytes.values(Float.self)) } == [11, 11, 11, 11])
    #expect(model.description.contains { $0.key == "general.name" })
    #expect(model.entry("b")?.shape == [4] && model.entry("d") == nil)
    #expect(throws: SVFTError.self) { try model.bytes("d") }
  }

  @Test func aPartAloneIsRefusedWhereAWholeFileIsExpected() throws {
    let parts = try Parts()
    #expect { try GGUF(parts.path(0)) } throws: {
      ($0 as? SVFTError)?.message.contains("one of 3 parts") == true
    }
  }

  @Test func whatIsWrongWithPartsIsTold() throws {
    #expect(message { try Parts().open(1) }.contains("the first of 3 parts"))
    #expect(
      message {
        try Parts { number, metadata in
          if number == 2 { metadata[0].value = try .uint32(1) }
        }.open()
      }.contains("expected part 3 of 3, found 2 of 3"))
    for number in [Int.max, -1] {
      #expect(
        message {
          try Parts { part, metadata in
            if part == 1 { metadata[0].value = .integer(number, .int64) }
          }.open()
        }.contains("split.no"))
    }
    #expect(message { try Parts(tensors: [["a"], ["b"], ["a"]]).open() }.contains("one too many"))
    #expect(message { try Parts(tensors: [["a"], ["b"], []]).open() }.contains("3 tensors"))
    #expect(
      message {
        try Parts { _, metadata in metadata[1].value = try .uint32(1_000_000) }.open()
      }.contains("split.count"))
  }

  @Test func aMissingPartIsAnInputError() throws {
    let parts = try Parts()
    try FileManager.default.removeItem(atPath: parts.path(1))
    #expect { try parts.open() } throws: { ($0 as? SVFTError)?.kind == .io }
  }
}
