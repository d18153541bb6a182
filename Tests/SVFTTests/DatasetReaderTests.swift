// Files of records, tidy and untidy, with the file and the line in every error.
import SVFT
import SVFTTensor
import TestKit
import Testing

@Suite struct DatasetReaderTests {
  private func count(_ bytes: [UInt8], name: String = "d.jsonl") throws -> Int {
    let folder = try TemporaryFolder()
    switch try DataContents(file: try folder.write(name, bytes)) {
    case .records(let records): return records.count
    case .runningText(let text): return text.unicodeScalars.count
    }
  }

  private func count(_ text: String, name: String = "d.jsonl") throws -> Int {
    try count(Array(text.utf8), name: name)
  }

  @Test func untidyFilesAreRead() throws {
    #expect(try count("\u{feff}{\"text\":\"a\"}\r\n\r\n  \n{\"text\":\"b\"}") == 2)
    #expect(try count("{\"text\":\"a\"}\n{\"text\":\"b\"}\n\n") == 2)
    #expect(try count("{\"text\":\"\\ud83d\\ude00 \\u0000\",\"more\":[1]}") == 1)
    #expect(try count("\u{feff}abc", name: "d.txt") == 3)
  }

  @Test(arguments: [
    ("{\"text\":\"a\"}\n{\"prompt\":\"a\",\"completion\":\"b\"}", "line 2"),
    ("{\"text\":\"a\"}\r\n{\"text\":\"a\",\"label\":\"b\"}\r\n", "line 2"),
    ("{\"text\":\"a\",\"label\":\"b\"}\n\n{\"text\":\"a\",\"label\":1}", "line 3"),
    ("{\"text\":\"a\",\"label\":1}\n{\"text\":\"a\",\"label\":true}", "line 2"),
    ("\n\n{\"text\":", "line 3"), ("[{\"text\":\"a\"}]", "line 1"), ("{\"x\":1}", "line 1"),
    ("{\"text\":\"a\",\"text\":\"b\"}", "line 1"), ("{\"text\":1}", "line 1"),
    ("{\"text\":null}", "line 1"), ("\"text\"", "line 1"),
    ("{\"text\":\"a\"} {\"text\":\"b\"}", "line 1"), ("{\"text\":\"a\"}\nnull", "line 2"),
    ("{\"prompt\":\"a\"}", "line 1"), ("{\"completion\":\"a\"}", "line 1"),
    ("{\"messages\":[]}", "line 1"), ("{\"messages\":[{\"role\":\"user\"}]}", "line 1"),
    ("{\"messages\":[{\"role\":\"user\",\"content\":null}]}", "line 1"),
    ("{\"messages\":[{\"role\":\"robot\",\"content\":\"a\"}]}", "line 1"),
    ("{\"text\":\"a\",\"label\":[]}", "line 1"), ("{\"text\":\"a\",\"label\":null}", "line 1"),
    ("{\"text\":\"a\",\"label\":1e300}", "line 1"),
    ("{\"text\":\"a\",\"text_pair\":1,\"label\":\"b\"}", "line 1"),
    ("{\"input_ids\":[],\"labels\":[1]}", "line 1"), ("{\"input_ids\":1}", "line 1"),
    ("", "found none"), ("\n \n", "found none"), ("\u{feff}", "found none"),
  ])
  func errorsNameTheFileAndTheLine(_ text: String, _ place: String) {
    let failure = #expect(throws: SVFTError.self) { try count(text) }
    #expect(failure?.kind == .data)
    #expect(failure?.message.contains(place) == true, "\(failure?.message ?? "")")
    #expect(failure?.message.contains("d.jsonl") == true)
  }

  @Test(arguments: [".csv", ".TSV", ".parquet"]) func tablesAreNamed(_ ending: String) {
    let failure = #expect(throws: SVFTError.self) { try count("a,b\n", name: "d" + ending) }
    #expect(failure?.kind == .data && failure?.message.contains(".jsonl") == true)
    #expect(failure?.message.contains("\(ending.lowercased()) table") == true)
  }

  @Test func bytesThatAreNoTextAreRefused() throws {
    let line = Array("{\"text\":\"a\"}\n{\"text\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8)
    let failure = #expect(throws: SVFTError.self) { try count(line) }
    #expect(failure?.kind == .data && failure?.message.contains("line 2") == true)
    #expect(kind { _ = try count([0x61, 0xFF], name: "d.txt") } == .data)
    #expect(kind { _ = try count(" \n\t", name: "d.txt") } == .data)
    #expect(kind { _ = try count("", name: "d.txt") } == .data)
    #expect(kind { _ = try count([0x1F, 0x8B, 0x08, 0x00, 0x0A, 0x00]) } == .data)
  }

  @Test func aHugeLineIsRefusedWithItsNumber() throws {
    let line = [UInt8](repeating: UInt8(ascii: "a"), count: (1 << 26) + 1)
    let failure = #expect(throws: SVFTError.self) {
      try count(Array("{\"text\":\"a\"}\n".utf8) + line)
    }
    #expect(failure?.kind == .data && failure?.message.contains("line 2") == true)
  }

  @Test func everyPrefixAndMutationIsReadOrRefused() throws {
    let file = Array("{\"messages\":[{\"role\":\"user\",\"content\":\"é\\n\"}]}\n".utf8)
    let folder = try TemporaryFolder()
    func attempt(_ bytes: [UInt8]) throws {
      let failed = kind {
        _ = try DataContents(file: try folder.write("d.jsonl", bytes))
      }
      #expect(failed == nil || failed == .data)
    }
    for count in file.indices { try attempt(Array(file.prefix(count))) }
    try HostileFiles.mutations(of: file) { bytes, _ in try attempt(bytes) }
  }

  @Test func aFolderNeedsATrainingFile() throws {
    let folder = try TemporaryFolder()
    #expect(kind { _ = try DataFiles(folder.path) } == .io)
    try folder.write("train.txt", "a")
    #expect(try DataFiles(folder.path).valid == nil)
    try folder.write("valid.jsonl", "{}")
    let files = try DataFiles(folder.path)
    #expect(files.train.hasSuffix("/train.txt") && files.valid?.hasSuffix("/valid.jsonl") == true)
    try folder.write("train.jsonl", "{}")
    #expect(try DataFiles(folder.path).train.hasSuffix("/train.jsonl"))
    #expect(kind { _ = try DataContents(file: folder.file("missing.jsonl")) } == .io)
  }
}
