// Files of records, tidy and untidy, with the line in every error.
import SVFT
import SVFTTensor
import TestKit
import Testing

@Suite struct DatasetReaderTests {
  private func count(_ text: String, name: String = "d.jsonl") throws -> Int {
    let folder = try TemporaryFolder()
    switch try DataContents(file: try folder.write(name, text)) {
    case .records(let records): return records.count
    case .runningText(let text): return text.unicodeScalars.count
    }
  }

  @Test func untidyFilesAreRead() throws {
    #expect(try count("\u{feff}{\"text\":\"a\"}\r\n\r\n  \n{\"text\":\"b\"}") == 2)
    #expect(try count("\u{feff}abc", name: "d.txt") == 3)
  }

  @Test(arguments: [
    ("{\"text\":\"a\"}\n{\"prompt\":\"a\",\"completion\":\"b\"}", "line 2"),
    ("\n\n{\"text\":", "line 3"), ("[{\"text\":\"a\"}]", "line 1"), ("{\"x\":1}", "line 1"),
    ("{\"text\":1}", "line 1"), ("{\"messages\":[]}", "line 1"),
    ("{\"messages\":[{\"role\":\"robot\",\"content\":\"a\"}]}", "line 1"),
    ("{\"text\":\"a\",\"label\":[]}", "line 1"), ("{\"input_ids\":[1,2],\"labels\":[1]}", "line 1"),
    ("", "found none"), ("\n \n", "found none"),
  ])
  func errorsNameTheLine(_ text: String, _ place: String) {
    let failure = #expect(throws: SVFTError.self) { try count(text) }
    #expect(failure?.kind == .data)
    #expect(failure?.message.contains(place) == true)
  }
}
