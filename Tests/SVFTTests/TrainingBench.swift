// What tests of training share: models beside the usual tiny one, runs in one line, and what a run
// leaves on disk.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit

extension TinyVerbs {
  /// Any tiny model with the text of a tokenizer.json beside it.
  init(_ model: TinyModel, tokenizer: String) throws {
    folder = try TemporaryFolder()
    try model.write(folder: folder.file("model"))
    try folder.write("model/tokenizer.json", tokenizer)
  }

  /// The text of a tokenizer of the fixtures: bytes, words, pieces.
  static func fixture(_ name: String) throws -> String {
    let path = SharedData.packageRoot + "/Tests/Fixtures/tokenizer-\(name).json"
    return try String(contentsOfFile: path, encoding: .utf8)
  }

  /// The byte-level tokenizer with chatml's markers as ids 372 and 373.
  static func chatTokenizer(special: Bool = true) throws -> String {
    let data = Data(try fixture("bytes").utf8)
    var root = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    var added = root["added_tokens"] as? [[String: Any]] ?? []
    for (index, text) in ["<|im_start|>", "<|im_end|>"].enumerated() {
      added.append([
        "id": 372 + index, "content": text, "single_word": false, "lstrip": false,
        "rstrip": false, "normalized": false, "special": special,
      ])
    }
    root["added_tokens"] = added
    return String(
      decoding: try JSONSerialization.data(withJSONObject: root), as: UTF8.self)
  }

  /// A tiny Llama whose vocabulary has chatml's markers.
  static func chatting(special: Bool = true) throws -> TinyVerbs {
    try TinyVerbs(
      .llama(.init { $0.vocabulary = 374 }), tokenizer: try chatTokenizer(special: special))
  }

  /// A file of lines.
  func lines(_ lines: [String], name: String = "lines.jsonl") throws -> String {
    try folder.write(name, lines.joined(separator: "\n"))
  }

  /// Twelve texts with a number each.
  func scored() throws -> String {
    try lines(
      (0..<12).map {
        "{\"text\": \"\($0 % 3 == 0 ? "the cat sat" : "a dog ran")\", "
          + "\"label\": \(Double($0 % 3) / 2)}"
      }, name: "scored.jsonl")
  }
}

/// One run: an adapter trained to the end, with what it reported.
struct TrainingBench {
  let adapter: Adapter
  let trainer: Trainer
  private(set) var reports: [TrainingProgress] = []

  init(
    _ model: Model, _ method: String, data: String, validation: String? = nil,
    output: String? = nil, _ change: (inout TrainingOptions) -> Void
  ) throws {
    adapter = try model.createAdapter(method)
    trainer = try Trainer(
      adapter, data: data, validation: validation, output: output,
      options: TrainingBench.options(change))
  }

  /// Few numbers to train, in one matrix of each layer.
  static let small = #"{"method":"lora","r":2,"targets":["q_proj"]}"#

  /// A run into a folder, or the rest of one that was stopped there.
  static func ofSixSteps(
    _ tiny: TinyVerbs, _ method: String = small, model: Model? = nil, output: String,
    resumes: Bool, _ change: (inout TrainingOptions) -> Void
  ) throws -> TrainingBench {
    try TrainingBench(model ?? tiny.model(), method, data: tiny.data(), output: output) {
      $0.steps = 6
      $0.resumes = resumes
      change(&$0)
    }
  }

  /// Options of short runs that report every step.
  static func options(_ change: (inout TrainingOptions) -> Void) -> TrainingOptions {
    var options = TrainingOptions()
    options.steps = 4
    options.batchSize = 2
    options.reportEvery = 1
    options.learningRate = 5e-3
    change(&options)
    return options
  }

  /// Trains; `keepOn` may stop it.
  mutating func run(_ keepOn: @escaping (TrainingProgress) -> Bool = { _ in true }) throws {
    var reports: [TrainingProgress] = []
    defer { self.reports = reports }
    try trainer.train {
      reports.append($0)
      return keepOn($0)
    }
  }

  /// Reports of a kind.
  func reports(_ event: TrainingProgress.Event) -> [TrainingProgress] {
    reports.filter { $0.event == event }
  }

  /// The numbers of the adapter as it is saved, by tensor.
  func saved() throws -> [String: [Float]] {
    let folder = try TemporaryFolder()
    try adapter.save(to: folder.file("adapter"))
    return try TrainingBench.tensors(folder.file("adapter/adapter_model.safetensors"))
  }

  /// The tensors of a file.
  static func tensors(_ path: String) throws -> [String: [Float]] {
    let file = try Safetensors(path, access: .copied)
    var result: [String: [Float]] = [:]
    for name in file.names {
      let bytes = try file.bytes(name)
      result[name] = withExtendedLifetime(bytes) { Array(bytes.values(Float.self)) }
    }
    return result
  }

  /// The bytes of a file.
  static func bytes(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }
}

/// The status of what a call throws, or nil where it does not.
func kind(_ body: () throws -> Void) -> SVFTError.Kind? {
  do { try body() } catch let error as SVFTError { return error.kind } catch {}
  return nil
}
