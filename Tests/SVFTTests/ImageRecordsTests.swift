// Pictures as data: folders, tables, parts; and what is wrong with them, by name and line.
import Foundation
import SVFT
import SVFTImages
import SVFTTensor
import TestKit
import Testing

@Suite struct ImageRecordsTests {
  private let folder: TemporaryFolder
  private let records = ImageRecords(rows: 5, outputs: 0)

  init() throws { folder = try TemporaryFolder() }

  /// Writes empty files, folders included.
  private func make(_ names: [String]) throws {
    for name in names {
      let path = folder.file(name)
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try folder.write(name, "x")
    }
  }

  private func paths(_ dataset: Dataset) -> [String] {
    dataset.examples.map { example in
      guard case .image(.file(let path), _) = example.input else { return "" }
      return String(path.dropFirst(folder.path.count + 1))
    }
  }

  @Test func foldersAreClassesInTheOrderOfTheirNames() throws {
    try make([
      "d/dog/2.png", "d/dog/10.JPG", "d/cat/1.jpeg", "d/cat/notes.txt", "d/cat/.x.png", "d/.git/a",
      "d/readme.md",
    ])
    let dataset = try records.dataset(file: folder.file("d"), like: nil)
    #expect(dataset.task == .classes && dataset.classes == ["cat", "dog"])
    #expect(paths(dataset) == ["d/cat/1.jpeg", "d/dog/10.JPG", "d/dog/2.png"])
    #expect(dataset.examples.map(\.label) == [.name("cat"), .name("dog"), .name("dog")])
    #expect(dataset.examples.allSatisfy { $0.rows == 5 })
  }

  @Test func tablesNameFilesBesideThem() throws {
    try make(["a.png", "sub/b, c.png"])
    let table = try folder.write(
      "t.csv", "split,file_name,label\ntrain,a.png,cat\ntrain,\"sub/b, c.png\",dog\n")
    let dataset = try records.dataset(file: table, like: nil)
    #expect(dataset.classes == ["cat", "dog"] && paths(dataset) == ["a.png", "sub/b, c.png"])
    #expect(dataset.examples.map(\.line) == [2, 3])
    let lines = try folder.write(
      "t.jsonl",
      "{\"image\": \"a.png\", \"label\": 1}\n{\"image\": \"sub/b, c.png\", \"label\": 0}\n")
    #expect(try paths(records.dataset(file: lines, like: nil)) == paths(dataset))
    #expect(try records.dataset(file: lines, like: nil).classes == ["0", "1"])
  }

  @Test func numbersOfATableAreClassesOrScores() throws {
    try make(["a.png"])
    let classes = try folder.write("c.csv", "image,label\na.png,0\na.png,2\n")
    #expect(try records.dataset(file: classes, like: nil).classes == ["0", "1", "2"])
    let scores = try folder.write("s.csv", "image,label\na.png,0.5\na.png,2\n")
    #expect(try records.dataset(file: scores, like: nil).task == .score)
  }

  @Test func partsLieBesideEachOther() throws {
    try make(["d/train/cat/1.png", "d/val/cat/2.png", "d/test/cat/3.png"])
    let files = try records.files(folder.file("d"))
    #expect(files.train == folder.file("d/train") && files.valid == folder.file("d/val"))
    try make(["e/train/1.png", "e/bus/2.png"])
    #expect(try records.files(folder.file("e")).train == folder.file("e"))
    try make(["f/train.csv", "f/valid.jsonl", "f/pictures/1.png"])
    #expect(try records.files(folder.file("f")).train == folder.file("f/train.csv"))
    #expect(try records.files(folder.file("f")).valid == folder.file("f/valid.jsonl"))
    #expect(try records.files("x.csv").train == "x.csv")
  }

  static let broken: [(name: String, text: String, word: String)] = [
    ("t.csv", "image,label\nnone.png,a\n", "line 2"), ("t.csv", "image,name\na.png,a\n", "label"),
    ("t.csv", "text,label\nhello,a\n", "column image"), ("t.csv", "image,label\n", "found none"),
    ("t.csv", "image,label\n,a\n", "line 2"), ("t.csv", "", "found nothing"),
    ("t.jsonl", "{\"text\": \"a\", \"label\": \"b\"}", "line 1"),
    ("t.jsonl", "{\"image\": \"none.png\", \"label\": \"b\"}", "line 1"),
    ("t.jsonl", "{\"image\": 3, \"label\": \"b\"}", "line 1"),
    ("t.jsonl", "{\"image\": \"t.jsonl\"}", "label"), ("t.txt", "text", "running text"),
  ]

  @Test(arguments: broken) func errorsNameTheFileAndTheLine(
    _ file: (name: String, text: String, word: String)
  ) throws {
    let path = try folder.write(file.name, file.text)
    let failure = #expect(throws: SVFTError.self) { try records.dataset(file: path, like: nil) }
    #expect(failure?.kind == .data, "\(failure?.message ?? "")")
    #expect(failure?.message.contains(file.word) == true, "\(failure?.message ?? "")")
    #expect(failure?.message.contains(file.name) == true)
  }

  @Test func foldersWithoutPicturesAreErrors() throws {
    try make(["d/cat/1.png", "d/dog/notes.txt", "flat/1.png"])
    for (name, word) in [("d", "class dog"), ("flat", "found neither")] {
      let failure = #expect(throws: SVFTError.self) {
        try records.dataset(file: folder.file(name), like: nil)
      }
      #expect(failure?.kind == .data && failure?.message.contains(word) == true)
    }
    let failure = #expect(throws: SVFTError.self) {
      try records.dataset(file: folder.file("none"), like: nil)
    }
    #expect(failure?.kind == .io)
  }

  @Test func aModelOfTextRefusesPictures() throws {
    let tiny = try TinyVerbs(encoder: true)
    let data = try tiny.folder.write("p.jsonl", "{\"image\": \"a.png\", \"label\": \"b\"}")
    let failure = #expect(throws: SVFTError.self) { try tiny.model().evaluate(data) }
    #expect(failure?.kind == .data && failure?.message.contains("found a picture") == true)
  }
}
