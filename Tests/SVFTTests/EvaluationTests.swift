// Figures of an evaluation against those worked out from the model's own outputs.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct EvaluationTests {
  @Test func lossPerplexityAndAccuracyOfALanguageModel() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let texts = (0..<9).map { String(repeating: "the cat \($0) sat ", count: $0 % 3 + 1) }
    let data = try tiny.lines(texts.map { "{\"text\":\"\($0)\"}" })
    var (loss, right, count) = (0.0, 0, 0)
    for text in texts {
      let ids = try model.tokenize(text)
      let logits = try model.logits(ids)
      for (row, wanted) in ids.dropFirst().enumerated() {
        let line = Array(logits[row * 372..<(row + 1) * 372]).map(Double.init)
        let top = line.max() ?? 0
        let total = line.reduce(0) { $0 + exp($1 - top) }
        loss += top + log(total) - line[Int(wanted)]
        right += line.firstIndex(of: top) == Int(wanted) ? 1 : 0
        count += 1
      }
    }
    let found = try model.evaluate(data)
    #expect(found.count == count)
    #expect(abs(found.loss - loss / Double(count)) < 1e-5)
    #expect(abs((found.perplexity ?? 0) - exp(found.loss)) < 1e-6 * exp(found.loss))
    #expect(found.accuracy == Double(right) / Double(count) && found.spearman == nil)
  }

  @Test func onlyWhatCountsIsCounted() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let masked = try tiny.lines([
      #"{"input_ids":[5,6,7,8],"labels":[5,-100,7,-100]}"#,
      #"{"input_ids":[9,10,11],"labels":[9,10,-100]}"#,
    ])
    #expect(try model.evaluate(masked).count == 2)
    let prompts = try tiny.lines(
      [#"{"prompt":"the cat ","completion":"sat"}"#], name: "prompts.jsonl")
    var options = TrainingOptions()
    options.lossOn = .completion
    #expect(try model.evaluate(prompts, options: options).count < model.evaluate(prompts).count)
  }

  @Test func scoresGiveSquaredErrorAndCorrelation() throws {
    let tiny = try TinyVerbs(.bert(.init { $0.vocabulary = 83 }, labels: 1), tokenizer: words())
    let model = try tiny.model()
    let texts = ["the cat sat", "a dog ran", "the dog sat on a cat", "cat", "ran ran ran"]
    let labels = [0.5, -1, 2, 0, 3]
    let data = try tiny.lines(
      zip(texts, labels).map { "{\"text\":\"\($0)\",\"label\":\($1)}" })
    let outputs = try model.classify(texts).map(\.score)
    let error = zip(outputs, labels).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / 5
    let found = try model.evaluate(data)
    #expect(abs(found.loss - error) < 1e-6 * error && found.count == 5)
    #expect(found.spearman == Statistics.spearman(outputs, labels) && found.accuracy == nil)
  }

  @Test func classesGiveAccuracyByNumberToo() throws {
    let tiny = try TinyVerbs(.bert(.init { $0.vocabulary = 83 }, labels: 3), tokenizer: words())
    let model = try tiny.model()
    let texts = (0..<70).map { "the cat sat on \($0) mat \($0 * 7)" }
    let data = try tiny.lines(
      texts.enumerated().map { "{\"text\":\"\($1)\",\"label\":\($0 % 3)}" })
    let right = try model.classify(texts).enumerated().count { $0 % 3 == Int($1.label ?? "") }
    let found = try model.evaluate(data)
    #expect(found.accuracy == Double(right) / 70 && found.count == 70)
    let beyond = try tiny.lines([#"{"text":"a","label":3}"#], name: "beyond.jsonl")
    #expect(kind { _ = try model.evaluate(beyond) } == .data)
    let names = try tiny.lines([#"{"text":"a","label":"x"}"#], name: "names.jsonl")
    #expect(kind { _ = try model.evaluate(names) } == .data)
  }

  private func words() throws -> String { try TinyVerbs.fixture("words") }

  @Test func aModelWithoutTheHeadSaysSo() throws {
    let encoder = try TinyVerbs(encoder: true)
    #expect(kind { _ = try encoder.model().evaluate(encoder.labelled()) } == .unsupported)
    #expect(kind { _ = try encoder.model().evaluate(encoder.data()) } == .unsupported)
  }

  @Test func jsonHasWhatTheTaskHas() throws {
    let tiny = try TinyVerbs()
    var evaluation = try tiny.model().evaluate(tiny.data())
    #expect(try evaluation.json.root("e").keys == ["loss", "count", "perplexity", "accuracy"])
    evaluation.perplexity = .infinity
    let object = try evaluation.json.root("evaluation")
    #expect(object.keys == ["loss", "count", "accuracy"])
  }

  @Test func aLossThatIsNoNumberIsAnErrorWithItsPlace() throws {
    var model = TinyModel.llama(.init { $0.vocabulary = 372 }, tied: false)
    let table = try #require(model.position("model.embed_tokens.weight"))
    model.tensors[table].values[7 * 32] = .nan
    let tiny = try TinyVerbs(model, tokenizer: TinyVerbs.fixture("bytes"))
    let data = try tiny.lines([#"{"input_ids":[5,6,8]}"#, "", #"{"input_ids":[5,7,8]}"#])
    let failure = #expect(throws: SVFTError.self) { try tiny.model().evaluate(data) }
    #expect(failure?.kind == .nonFinite)
    #expect(failure?.message.hasPrefix("\(data), lines 1 to 3: ") == true)
  }

  @Test func labelsTheModelDoesNotKnowAreNamedWithTheirLine() throws {
    var model = TinyModel.bert(.init { $0.vocabulary = 83 }, labels: 3)
    for names in [["a", "b", "c"], []] {
      if !names.isEmpty {
        model.config["id2label"] = .object(
          JSON.Object(names.enumerated().map { (key: "\($0)", value: .string($1)) }))
      } else {
        model.config["id2label"] = nil
      }
      let tiny = try TinyVerbs(model, tokenizer: words())
      let known = names.isEmpty ? "2" : "\"b\""
      let data = try tiny.lines([
        "{\"text\":\"a\",\"label\":\(known)}", "{\"text\":\"a\",\"label\":\(known)}",
        "{\"text\":\"a\",\"label\":\(names.isEmpty ? "3" : "\"zzz\"")}",
      ])
      let failure = #expect(throws: SVFTError.self) { try tiny.model().evaluate(data) }
      #expect(failure?.kind == .data)
      #expect(failure?.message.hasPrefix("\(data), line 3: label: ") == true)
    }
  }
}
