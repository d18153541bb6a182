// Tiny models with a tokenizer on disk: what tests of the verbs load, train and save.
import Foundation
import SVFT
import TestKit

/// A model folder for one test.
struct TinyVerbs {
  let folder: TemporaryFolder

  /// A Llama (or BERT) of two layers, with a tokenizer of the fixtures.
  init(encoder: Bool = false, dropout: Double = 0) throws {
    folder = try TemporaryFolder()
    let model =
      encoder
      ? TinyModel.bert(.init { $0.vocabulary = 83 }, dropout: dropout)
      : TinyModel.llama(.init { $0.vocabulary = 372 })
    try model.write(folder: folder.file("model"))
    let name = encoder ? "words" : "bytes"
    let tokenizer = try String(
      contentsOfFile: SharedData.packageRoot + "/Tests/Fixtures/tokenizer-\(name).json",
      encoding: .utf8)
    try folder.write("model/tokenizer.json", tokenizer)
  }

  func model(threads: Int = 1) throws -> Model {
    var options = ModelOptions()
    options.threads = threads
    return try Model(path: folder.file("model"), options: options)
  }

  /// Twelve short texts as records.
  func data() throws -> String {
    let lines = (0..<12).map { "{\"text\": \"the cat number \($0) sat on mat \($0 * 7)\"}" }
    return try folder.write("data.jsonl", lines.joined(separator: "\n"))
  }

  /// Twelve labelled texts of two classes.
  func labelled() throws -> String {
    let lines = (0..<12).map {
      "{\"text\": \"\($0 % 2 == 0 ? "the cat sat" : "a dog ran")\", "
        + "\"label\": \"\($0 % 2 == 0 ? "cat" : "dog")\"}"
    }
    return try folder.write("labelled.jsonl", lines.joined(separator: "\n"))
  }
}
