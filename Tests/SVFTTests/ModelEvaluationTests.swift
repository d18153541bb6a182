// Evaluation through the model: known perplexities, and the same figures as by hand.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct ModelEvaluationTests {
  /// Precision of the file, how products treat activations, and the tolerance.
  static let cases: [(format: String, precision: ModelOptions.Precision, tolerance: Double)] = [
    ("q4_0", .f32, 0.002), ("q8_0", .standard, 0.02),
  ]

  @Test(
    "Perplexity of a hundred stories is the reference's",
    .enabled(if: SharedData.isPresent, "needs shared data"), arguments: cases)
  func perplexity(
    _ row: (format: String, precision: ModelOptions.Precision, tolerance: Double)
  ) throws {
    let path = TrainedStories.path("golden/quant_ppl.json")
    let expected = try JSON.read(path).root(path).object("results").object(row.format)
      .double("ppl")
    var options = ModelOptions()
    (options.threads, options.precision) = (2, row.precision)
    let model = try Model(
      path: TrainedStories.path("gguf/stories260K-\(row.format).gguf"), options: options)
    let found = try model.evaluate(SharedData.path("tinystories/first100.jsonl"))
    #expect(abs((found.perplexity ?? 0) - expected) < row.tolerance, "\(found)")
  }

  @Test func lossIsTheMeanOverPredictedTokens() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let texts = ["the cat sat", "a"]
    let lines = texts.map { "{\"text\":\"\($0)\"}" }.joined(separator: "\n")
    let found = try model.evaluate(try tiny.folder.write("two.jsonl", lines))
    var (sum, count, right) = (0.0, 0, 0)
    for text in texts {
      let ids = try model.tokenize(text)
      let logits = try model.logits(ids)
      for position in 1..<ids.count {
        let row = Array(logits[(position - 1) * 372..<position * 372])
        let shares = Statistics.softmax(row)
        sum -= log(shares[Int(ids[position])])
        if row.firstIndex(of: row.max() ?? 0) == Int(ids[position]) { right += 1 }
        count += 1
      }
    }
    #expect(found.count == count)
    #expect(abs(found.loss - sum / Double(count)) < 1e-5)
    #expect(abs((found.perplexity ?? 0) - exp(found.loss)) < 1e-9)
    #expect(found.accuracy == Double(right) / Double(count))
  }

  @Test func theValidationFileOfAFolderIsTheOneThatCounts() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    try FileManager.default.createDirectory(
      atPath: tiny.folder.file("set"), withIntermediateDirectories: true)
    try tiny.folder.write("set/train.jsonl", "{\"text\":\"the cat sat on the mat\"}")
    let alone = try tiny.folder.write("set/valid.jsonl", "{\"text\":\"a dog\"}")
    #expect(try model.evaluate(tiny.folder.file("set")) == model.evaluate(alone))
  }

  @Test func progressCanCancelAndDataErrorsNameTheLine() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let data = try tiny.data()
    let cancelled = #expect(throws: SVFTError.self) {
      try model.evaluate(data) { _, _, _ in false }
    }
    #expect(cancelled?.kind == .cancelled)
    let broken = try tiny.folder.write("bad.jsonl", "{\"text\":\"a b\"}\n{\"text\":")
    let failure = #expect(throws: SVFTError.self) { try model.evaluate(broken) }
    #expect(failure?.kind == .data && failure?.message.contains("line 2") == true)
  }
}
