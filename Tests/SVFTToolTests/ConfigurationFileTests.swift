// `--config`: YAML and JSON become the flags they stand for, flags beside them win, strangers are
// refused.
import Foundation
import SVFT
import SVFTTool
import TestKit
import Testing

@Suite struct ConfigurationFileTests {
  private static let yaml = """
    # Comments are fine.
    learning_rate: 1e-3
    epochs: 2
    resume: true
    targets: [q_proj, v_proj]
    options: {pattern: banded, d: 2}
    validation: null
    lr-schedule: linear
    """
  private static let json = #"""
    {"learning_rate": 0.001, "epochs": 2, "resume": true, "targets": ["q_proj", "v_proj"],
     "options": {"pattern": "banded", "d": 2}, "validation": null, "lr-schedule": "linear"}
    """#
  private static let flags = [
    "--epochs=2", "--learning-rate=0.001", "--lr-schedule=linear",
    #"--options={"d":2,"pattern":"banded"}"#, "--resume", "--targets=q_proj", "--targets=v_proj",
  ]

  @Test(arguments: [yaml, json]) func keysBecomeFlags(_ text: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("run.config", text)
    for given in [["--config", path], ["--config=\(path)"]] {
      #expect(
        try ConfigurationFile.expand(["train"] + given + ["--epochs", "3"])
          == ["train"] + Self.flags + ["--epochs", "3"])
    }
    #expect(try ConfigurationFile.expand(["train", "--data", "x"]) == ["train", "--data", "x"])
    let behind = ["generate", "--", "--config", path]
    #expect(try ConfigurationFile.expand(behind) == behind)
  }

  @Test(arguments: [
    ("learning_rat: 1", "learning_rate"), ("batchsize: 4", "batch_size"),
    ("stepz: null", "steps"), ("reusme: false", "resume"), ("config: other.yaml", "config"),
  ]) func unknownKeysAreRefusedWithTheNearestName(_ text: String, _ nearest: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("run.yaml", text)
    let error = #expect(throws: SVFTError.self) {
      try ConfigurationFile.expand(["train", "--config", path])
    }
    #expect(error?.kind == .invalidArgument)
    let key = text.prefix { $0 != ":" }
    #expect(error?.message.contains("run.yaml: \(key): expected a long flag") == true)
    if nearest != "config" { #expect(error?.message.contains("did you mean \(nearest)?") == true) }
  }

  @Test(arguments: ["- a\n- b", "a: [1", "just words", ""])
  func whatIsNoTableOfKeysIsAFormatError(_ text: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("run.yaml", text)
    let error = #expect(throws: SVFTError.self) {
      try ConfigurationFile.expand(["train", "--config", path])
    }
    #expect(error?.kind == .format && error?.message.contains("run.yaml") == true)
    let missing = #expect(throws: SVFTError.self) {
      try ConfigurationFile.expand(["train", "--config", path + "x"])
    }
    #expect(missing?.kind == .io)
  }

  @Test func aRunFromAFileEqualsARunFromFlags() throws {
    let settings: [(String, String)] = [
      ("method", "lora"), ("options", #"{"r": 2}"#), ("steps", "3"), ("batch_size", "2"),
      ("learning_rate", "0.02"), ("lr_schedule", "linear"), ("seed", "5"), ("val_split", "0.25"),
    ]
    let folder = try TemporaryFolder()
    let start =
      ["train"] + ToolRun.llama + ["--data", ToolRun.fixture("tales.jsonl"), "--output", "run"]
    let yaml = settings.map { "\($0): \($1)" }.joined(separator: "\n")
    let json = settings.map { key, value in
      "\"\(key)\": " + (Double(value) == nil && !value.hasPrefix("{") ? "\"\(value)\"" : value)
    }
    let forms: [[String]] = [
      settings.flatMap { ["--" + $0.replacingOccurrences(of: "_", with: "-"), $1] },
      ["--config", try folder.write("run.yaml", yaml)],
      ["--config", try folder.write("run.json", "{\(json.joined(separator: ", "))}")],
      ["--config", folder.file("run.yaml"), "--seed", "6"],
    ]
    var products: [Data?] = []
    for form in forms {
      _ = try ToolRun.json(start + form, in: folder)
      products.append(
        FileManager.default.contents(atPath: folder.file("run/adapter_model.safetensors")))
      try FileManager.default.removeItem(atPath: folder.file("run"))
    }
    #expect(products[0] != nil)
    #expect(products[1] == products[0] && products[2] == products[0])
    #expect(products[3] != products[0])
  }
}
