// svft classify: labels of texts, pairs and pictures, as lines and as JSON.
import Foundation
import TestKit
import Testing

@Suite struct ClassifyTests {
  @Test func aTrainedModelNamesClasses() throws {
    let folder = try TemporaryFolder()
    let classify = ["classify"] + ToolRun.bert
    let texts = ["who keeps the sea?", "where is the gull?"]
    #expect(try ToolRun.failure(classify + texts, 3, in: folder).contains("head"))
    let summary = try ToolRun.json(
      ["train"] + ToolRun.bert + [
        "--data", ToolRun.fixture("questions.jsonl"), "--output", "run", "--method", "lora",
        "--options", #"{"r":4}"#, "--targets", "query", "--targets", "value", "--epochs", "20",
        "--learning-rate", "0.02", "--batch-size", "8",
      ], in: folder)
    #expect(summary["finished"] as? Bool == true)
    let trained = classify + ["--adapter", "run"] + texts
    let lines = try ToolRun.result(trained, in: folder).split(separator: "\n")
    #expect(lines.map { $0.split(separator: "\t").first } == ["person", "place"])
    #expect(lines.map { $0.split(separator: "\t").last.map(String.init) } == texts)
    let report = try ToolRun.json(trained + ["--pair", "a", "--pair", "b"], in: folder)
    let results = try #require(report["results"] as? [[String: Any]])
    #expect(results.count == 2 && results.allSatisfy { $0["scores"] is [String: Double] })
    let odd = try ToolRun.failure(trained + ["--pair", "alone"], 2, in: folder)
    #expect(odd.contains("pairs"))
    let figures = try ToolRun.result(
      ["eval"] + ToolRun.bert + [
        "--adapter", "run", "--data", ToolRun.fixture("questions.jsonl"),
      ], in: folder)
    #expect(figures.contains("accuracy 1.00000") && !figures.contains("perplexity"))
  }

  @Test func severalClassesAreNamedAndJudged() throws {
    let folder = try TemporaryFolder()
    let data = try folder.write(
      "labels.jsonl",
      """
      {"text":"who keeps the sea?","labels":["person","water"]}
      {"text":"where is the gull?","labels":["place"]}
      """)
    let flags = ["--method", "lora", "--options", #"{"r":4}"#, "--learning-rate", "0.02"]
    _ = try ToolRun.json(
      ["train"] + ToolRun.bert + ["--data", data, "--output", "run", "--epochs", "40"] + flags,
      in: folder)
    let trained = ToolRun.bert + ["--adapter", "run"]
    let report = try ToolRun.json(["eval"] + trained + ["--data", data], in: folder)
    #expect(report["f1"] as? Double == 1 && report["accuracy"] as? Double == 1)
    let words = try ToolRun.result(["eval"] + trained + ["--data", data], in: folder)
    #expect(words.contains("f1 1.00000") && !words.contains("perplexity"), "\(words)")
  }

  private static let vit = ["--model", ToolRun.fixture("vision/vit"), "--threads", "1"]
  private static let classes = ["LABEL_0": "gray", "LABEL_1": "palette", "LABEL_2": "rgb"]

  /// A folder for each class, with a picture in three copies.
  private func pictures(in folder: TemporaryFolder) throws -> [String] {
    for (name, picture) in Self.classes {
      let place = folder.file("pictures/\(name)")
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
      for copy in 0..<3 {
        try FileManager.default.copyItem(
          atPath: ToolRun.fixture("pictures/\(picture).png"), toPath: "\(place)/\(copy).png")
      }
    }
    return Self.classes.keys.sorted().map { "pictures/\($0)/1.png" }
  }

  @Test func picturesAreTrainedOnEvaluatedAndNamed() throws {
    let folder = try TemporaryFolder()
    let paths = try pictures(in: folder)
    let summary = try ToolRun.json(
      ["train"] + Self.vit + [
        "--data", "pictures", "--output", "run", "--method", "full", "--targets", "classifier",
        "--targets", "query", "--steps", "60", "--learning-rate", "0.02", "--batch-size", "9",
      ], in: folder)
    #expect(summary["finished"] as? Bool == true)
    let adapted = Self.vit + ["--adapter", "run"]
    let figures = try ToolRun.result(["eval"] + adapted + ["--data", "pictures"], in: folder)
    #expect(figures.contains("accuracy 1.00000"))
    let lines = try ToolRun.result(["classify"] + adapted + paths, in: folder).split(
      separator: "\n")
    #expect(
      lines.map { $0.split(separator: "\t").first.map(String.init) } == Self.classes.keys.sorted())
    #expect(lines.map { $0.split(separator: "\t").last.map(String.init) } == paths)
    let absent = try ToolRun.failure(["classify"] + adapted + ["pictures/no.png"], 3, in: folder)
    #expect(absent.contains("pictures/no.png"))
  }

  /// The loader finds a library of that name first which is none.
  @Test(arguments: [
    ("rgb.png", "libpng16.so.16", "libpng16-16"),
    ("colors.jpg", "libturbojpeg.so.0", "libturbojpeg0"),
  ])
  func aMissingLibraryIsNamed(_ picture: String, _ library: String, _ package: String) throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: folder.file("libraries"), withIntermediateDirectories: true)
    try folder.write("libraries/\(library)", "")
    let run = try ToolRun(
      ["classify"] + Self.vit + [ToolRun.fixture("pictures/" + picture)], in: folder,
      environment: ["SVFT_CACHE": "", "LD_LIBRARY_PATH": folder.file("libraries")])
    #expect(run.status == 3 && run.output.isEmpty)
    #expect(run.notes.contains("expected \(library) on this system to read it with, found none"))
    #expect(run.notes.contains("apt-get install \(package))"))
    #expect(run.notes.contains(picture))
  }
}
