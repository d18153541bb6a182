// Classes of which several may hold: read, learnt, judged, saved and loaded again.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct MultiLabelTests {
  private static let records = [
    #"{"text":"the cat sat","labels":["cat","still"]}"#, #"{"text":"a dog ran","labels":["dog"]}"#,
    #"{"text":"the dog sat","labels":["still","dog"]}"#, #"{"text":"ran ran","labels":[]}"#,
  ]

  /// An encoder whose config.json says that several classes may hold.
  private func stated(labels: Int) throws -> TinyVerbs {
    var base = TinyModel.bert(.init { $0.vocabulary = 83 }, labels: labels)
    base.config["problem_type"] = "multi_label_classification"
    return try TinyVerbs(base, tokenizer: TinyVerbs.fixture("words"))
  }

  @Test func everyClassHasItsOwnProbability() throws {
    let tiny = try stated(labels: 3)
    let model = try tiny.model()
    let found = try #require(try model.classify(["the cat"]).first)
    // The same head where one class holds gives the same logits through a softmax.
    let plain = try TinyVerbs(
      TinyModel.bert(.init { $0.vocabulary = 83 }, labels: 3), tokenizer: TinyVerbs.fixture("words")
    )
    let one = try #require(try plain.model().classify(["the cat"]).first)
    #expect(one.labels == nil)
    for (a, b) in [(0, 1), (1, 2)] {
      func logit(_ index: Int) -> Double {
        log(found.scores[index].probability / (1 - found.scores[index].probability))
      }
      let ratio = log(one.scores[a].probability / one.scores[b].probability)
      #expect(abs(logit(a) - logit(b) - ratio) < 1e-5)
    }
    #expect(found.labels == found.scores.filter { $0.probability > 0.5 }.map(\.label))
    #expect(found.score == found.scores.map(\.probability).max())
    let json = try JSON.parse(Report.json(of: [found])).root("report").objects("results")[0]
    #expect(try json.strings("labels") == found.labels)
    // What such a head is not.
    let classes = try tiny.lines([#"{"text":"a","label":1}"#, #"{"text":"b","label":2}"#])
    #expect(kind { _ = try model.evaluate(classes) } == .unsupported)
    let adapter = try model.createAdapter(#"{"method":"lora","r":2}"#)
    #expect(kind { _ = try Trainer(adapter, data: classes) } == .mismatch)
    #expect(kind { _ = try model.save(to: tiny.folder.file("a.gguf")) } == .unsupported)
  }

  @Test func figuresAreThoseOfTheOutputs() throws {
    let tiny = try stated(labels: 3)
    let model = try tiny.model()
    let wanted: [[Int]] = [[0, 2], [], [1]]
    let texts = ["the cat sat", "a dog ran", "the mat"]
    let data = try tiny.lines(
      zip(texts, wanted).map { "{\"text\":\"\($0)\",\"labels\":\($1)}" })
    let outputs = try model.classify(texts).map { $0.scores.map(\.probability) }
    var (loss, right, both, found, there) = (0.0, 0, 0, 0, 0)
    for (output, classes) in zip(outputs, wanted) {
      var isRight = true
      for index in 0..<3 {
        let (p, holds) = (output[index], classes.contains(index))
        loss -= (holds ? log(p) : log(1 - p)) / 9
        both += p > 0.5 && holds ? 1 : 0
        found += p > 0.5 ? 1 : 0
        there += holds ? 1 : 0
        if (p > 0.5) != holds { isRight = false }
      }
      right += isRight ? 1 : 0
    }
    let evaluation = try model.evaluate(data)
    #expect(abs(evaluation.loss - loss) < 1e-6 && evaluation.count == 3)
    #expect(evaluation.accuracy == Double(right) / 3)
    #expect(evaluation.f1 == 2 * Double(both) / Double(found + there))
    let beyond = try tiny.lines([#"{"text":"a","labels":[3]}"#], name: "beyond.jsonl")
    #expect(kind { _ = try model.evaluate(beyond) } == .data)
  }

  /// One label that holds or not is a problem too, and its number is checked.
  @Test func oneLabelIsEnough() throws {
    let tiny = try stated(labels: 1)
    let model = try tiny.model()
    #expect(try model.classify(["the cat"]).first?.scores.count == 1)
    for label in [1, 5] {
      let beyond = try tiny.lines([
        "{\"text\":\"a\",\"labels\":[0]}", "{\"text\":\"b\",\"labels\":[\(label)]}",
      ])
      #expect(kind { _ = try model.evaluate(beyond) } == .data)
    }
    let fresh = try TinyVerbs(encoder: true)
    let data = try fresh.lines([
      #"{"text":"the cat","labels":["toxic"]}"#, #"{"text":"a dog","labels":[]}"#,
    ])
    let adapter = try fresh.model().createAdapter(#"{"method":"lora","r":2}"#)
    try trainBriefly(adapter, data, steps: 40)
    let found = try adapter.model.classify(["the cat", "a dog"])
    #expect(found.map(\.labels) == [["toxic"], []])
    let same = try fresh.lines(
      Array(repeating: #"{"text":"the cat","labels":["toxic"]}"#, count: 2), name: "same.jsonl")
    let other = try fresh.model().createAdapter(#"{"method":"lora","r":2}"#)
    #expect(kind { _ = try Trainer(other, data: same) } == .data)
  }

  @Test(arguments: [false, true])
  func isLearntSavedAndLoaded(_ encoder: Bool) throws {
    let tiny = try TinyVerbs(encoder: encoder)
    let model = try tiny.model()
    let data = try tiny.lines(Self.records)
    let adapter = try model.createAdapter(#"{"method":"lora","r":4}"#)
    try trainBriefly(adapter, data, steps: 60)
    let texts = ["the cat sat", "a dog ran", "the dog sat", "ran ran"]
    let wanted = [["cat", "still"], ["dog"], ["dog", "still"], []]
    #expect(try model.classify(texts).map(\.labels) == wanted)
    let evaluation = try model.evaluate(data)
    #expect(evaluation.f1 == 1 && evaluation.accuracy == 1)
    let folder = tiny.folder.file("adapter")
    try adapter.save(to: folder)
    let other = try tiny.model()
    _ = try other.loadAdapter(folder)
    #expect(try other.classify(texts) == model.classify(texts))
    let merged = tiny.folder.file("merged")
    _ = try model.save(to: merged)
    let config = try JSON.read(merged + "/config.json").root("config")
    #expect(try config.string("problem_type") == "multi_label_classification")
    let again = try Model(path: merged)
    #expect(try again.classify(texts).map(\.labels) == wanted)
    // A head of which several may hold is no head of which one does.
    let one = try tiny.labelled()
    #expect(kind { _ = try Trainer(adapter, data: one) } == .mismatch)
  }

  /// Ablations compare groups by F1, the runs' own.
  @Test func ablationsAreJudgedByF1() throws {
    let tiny = try TinyVerbs(encoder: true)
    let data = try tiny.lines(Self.records)
    let text = try tiny.model().ablate(
      data, validation: data,
      options: #"{"groups":["query"],"seeds":1,"training":{"steps":3,"batch_size":2}}"#)
    let report = try JSON.parse(text).root("report")
    #expect(try report.string("figure") == "f1")
    let run = try #require(try report.objects("groups").first?.objects("runs").first)
    #expect(try (0...1).contains(run.double("f1")) && run.double("accuracy") <= 1)
  }

  private func kind(_ body: () throws -> Void) -> SVFTError.Kind? {
    #expect(throws: SVFTError.self) { try body() }?.kind
  }
}
