// svft encode: one line of numbers per text, or JSON.
import TestKit
import Testing

@Suite struct EncodeTests {
  @Test func linesAndJSONHaveTheSameNumbers() throws {
    let folder = try TemporaryFolder()
    let encode = ["encode"] + ToolRun.bert + ["the lamp", "the sea was still"]
    let lines = try ToolRun.result(encode, in: folder).split(separator: "\n").map { line in
      line.split(separator: " ").compactMap { Float(String($0)) }
    }
    let report = try ToolRun.json(encode, in: folder)
    let vectors = try #require(report["vectors"] as? [[Double]])
    #expect(lines.map(\.count) == [32, 32])
    #expect(vectors.map { $0.map { Float($0) } } == lines)
  }
}
