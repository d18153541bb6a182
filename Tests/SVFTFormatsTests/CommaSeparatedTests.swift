// Tables, tidy and untidy, with the line in every error.
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct CommaSeparatedTests {
  private func rows(_ text: String) throws -> [[String]] {
    let folder = try TemporaryFolder()
    return try CommaSeparated.read(folder.write("t.csv", text)).map(\.fields)
  }

  static let tables: [(text: String, rows: [[String]])] = [
    ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]), ("a,b\r\n1,2", [["a", "b"], ["1", "2"]]),
    ("\u{feff}a\n\nb\n\n", [["a"], ["b"]]), ("a,\n,b", [["a", ""], ["", "b"]]),
    ("\"a,\"\"b\"\"\nc\",d\n", [["a,\"b\"\nc", "d"]]), ("\"\",x", [["", "x"]]),
    ("é,☃\n1,2", [["é", "☃"], ["1", "2"]]),
  ]

  @Test(arguments: tables)
  func fieldsAreRead(_ table: (text: String, rows: [[String]])) throws {
    #expect(try rows(table.text) == table.rows)
  }

  static let broken: [(text: String, word: String)] = [
    ("", "found nothing"), ("\n\n", "found nothing"), ("a,b\n1\n", "line 2"),
    ("a,b\n\n1,2,3", "line 3"), ("a\n\"b", "line 2"), ("a\n\"b\"c\n", "line 2"),
    ("\"a\nb\",c\nd", "line 3"),
  ]

  @Test(arguments: broken)
  func errorsNameTheLine(_ table: (text: String, word: String)) {
    let failure = #expect(throws: SVFTError.self) { try rows(table.text) }
    #expect(failure?.kind == .data)
    #expect(failure?.message.contains(table.word) == true, "\(failure?.message ?? "")")
  }

  @Test func linesBehindAFieldOfSeveralAreCounted() throws {
    let text = Array("\"a\nb\"\nc".utf8)
    let lines = try text.withUnsafeBytes { try CommaSeparated.parse($0, "t").map(\.line) }
    #expect(lines == [1, 3])
  }

  @Test func bytesThatAreNoTextAreRefused() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("t.csv", [0x61, 0x0A, 0xC3, 0x28])
    let failure = #expect(throws: SVFTError.self) { try CommaSeparated.read(path) }
    #expect(failure?.kind == .data && failure?.message.contains("line 2") == true)
  }
}
