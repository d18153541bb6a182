// Encoder-decoders through the whole interface: they answer prompts in batches as they would alone,
// with adapters of single prompts too, learn answers, give vectors, and say what they do not do.
import Foundation
import SVFT
import SVFTTensor
import TestKit
import Testing

@Suite struct AnsweringTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func model(_ name: String, _ change: (inout ModelOptions) -> Void = { _ in }) throws
    -> Model
  {
    let folder = try TemporaryFolder()
    var options = ModelOptions()
    (options.threads, options.precision) = (2, .f32)
    change(&options)
    let path = try FamilyFixture(name: name, kind: "answers").copied(to: folder)
    let words = (0..<40).map { "\"w\($0)\": \($0)" }.joined(separator: ", ")
    try folder.write(
      "model/tokenizer.json",
      #"{"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "WhitespaceSplit"}, "#
        + #""model": {"type": "WordLevel", "unk_token": "w3", "vocab": {\#(words)}}}"#)
    return try Model(path: path, options: options)
  }

  private static func greedy(_ tokens: Int) -> GenerationOptions {
    var options = GenerationOptions()
    (options.temperature, options.maxTokens, options.ignoresEnd) = (0, tokens, true)
    return options
  }

  private static let prompts: [[Int32]] = [
    [5, 9, 12, 1], [7, 1], (0..<60).map { Int32($0 % 36 + 3) }, [31, 30, 29, 28, 1],
  ]

  /// What logits of ever longer answers choose, one by one.
  private func chosen(_ model: Model, _ prompt: [Int32], start: Int32, _ count: Int) throws
    -> [Int32]
  {
    var answer = [start]
    for _ in 0..<count {
      let logits = try model.logits(prompt + [-1] + answer)
      let last = logits.suffix(model.vocabularySize)
      let best = last.indices.max { last[$0] < last[$1] }
      answer.append(Int32((best ?? 0) - last.startIndex))
    }
    return Array(answer.dropFirst())
  }

  @Test(arguments: FamilyFixture.answers)
  func everyPromptIsAnsweredAsItsLogitsSay(_ fixture: FamilyFixture) throws {
    let model = try model(fixture.name)
    let start: Int32 = fixture.name == "mt5" ? 3 : 0
    let together = try model.generate(tokens: Self.prompts, Self.greedy(9))
    for (prompt, found) in zip(Self.prompts, together) {
      #expect(found.tokens == (try chosen(model, prompt, start: start, 9)))
      #expect(found.promptTokens == prompt.count && found.ending == .length)
    }
  }

  @Test func textsThatFillASecondStepAreReadInIt() throws {
    let model = try model("t5-gated") { $0.contextLength = 900 }
    let long = (0..<400).map { Int32($0 % 36 + 3) }
    let prompts = [long, [5, 9, 1], Array(long.reversed())]
    let together = try model.generate(tokens: prompts, Self.greedy(5))
    for (prompt, found) in zip(prompts, together) {
      #expect(found.tokens == (try model.generate(tokens: [prompt], Self.greedy(5))[0].tokens))
    }
  }

  @Test(arguments: ["f16", "q8_0"])
  func cachedKeysMayBeCoarser(_ format: String) throws {
    let exact = try model("umt5").generate(tokens: Self.prompts, Self.greedy(1))
    let coarse = try model("umt5") { $0.keyValueFormat = format }
    let found = try coarse.generate(tokens: Self.prompts, Self.greedy(1))
    #expect(found.map(\.tokens) == exact.map(\.tokens))
  }

  @Test func promptsMayHaveAdaptersOfTheirOwn() throws {
    let model = try model("t5-gated")
    let data = try folder.write(
      "d.jsonl", #"{"input_ids": [5, 9, 12, 1], "labels": [8, 8, 30, 1]}"#)
    let adapter = try model.createAdapter(#"{"method": "lora", "r": 4, "alpha": 64}"#)
    try trainBriefly(adapter, data, steps: 20)
    let attached = try model.generate(tokens: Self.prompts, Self.greedy(6))
    try adapter.detach()
    let bare = try model.generate(tokens: Self.prompts, Self.greedy(6))
    #expect(attached.map(\.tokens) != bare.map(\.tokens))
    let saved = folder.file("adapter")
    try adapter.save(to: saved)
    let words = try String(contentsOfFile: saved + "/adapter_config.json", encoding: .utf8)
    #expect(words.contains("SEQ_2_SEQ_LM"))
    let own = try model.loadAdapter(saved)
    try own.setScale(0)
    var options = Self.greedy(6)
    options.adapters = [nil, PromptAdapter(own), nil, PromptAdapter(own)]
    let mixed = try model.generate(tokens: Self.prompts, options)
    for (index, found) in mixed.enumerated() {
      #expect(found.tokens == (index % 2 == 1 ? attached : bare)[index].tokens, "\(index)")
    }
  }

  @Test func answersAreLearnt() throws {
    let lines = ["w5": "w8 w9", "w6": "w20 w21"].map { prompt, answer in
      "{\"prompt\": \"\(prompt)\", \"completion\": \"\(answer)\"}"
    }
    let data = try folder.write("d.jsonl", lines.joined(separator: "\n"))
    let model = try model("mt5")
    let before = try model.evaluate(data)
    #expect(before.count == 4, "two words each")
    try trainBriefly(model.createAdapter(#"{"method": "full"}"#), data, steps: 60)
    let after = try model.evaluate(data)
    #expect(after.loss < before.loss / 4 && after.accuracy == 1)
  }

  @Test func recomputingChangesNothing() throws {
    let data = try folder.write(
      "d.jsonl", #"{"input_ids": [5, 9, 12, 1], "labels": [8, 8, 30, 1, 4]}"#)
    func logits(_ recomputes: Bool) throws -> [Float] {
      let model = try model("t5")
      let adapter = try model.createAdapter(#"{"method": "full"}"#)
      try trainBriefly(adapter, data, steps: 3) { $0.recomputes = recomputes }
      return try model.logits([5, 9, 12, 1])
    }
    #expect(try logits(true) == logits(false))
  }

  @Test func itsEncoderGivesVectors() throws {
    let vectors = try model("t5").embed(["w5 w9", "w5 w9", "w30"])
    #expect(vectors[0] == vectors[1] && vectors[0].count == 32)
    #expect(vectors[0] != vectors[2])
  }

  @Test func whatItDoesNotDoIsSaid() throws {
    let model = try model("t5")
    #expect(throws: SVFTError.self) { try model.session() }
    for (name, text) in [("a.jsonl", #"{"text": "w4"}"#), ("b.txt", "w4 w5 w6")] {
      let path = try folder.write(name, text)
      let error = #expect(throws: SVFTError.self) { try model.evaluate(path) }
      #expect(error?.kind == .data && error?.message.contains("encoder-decoder") == true)
    }
    #expect(throws: SVFTError.self) { try model.logits([-1, 4]) }
    #expect(try model.logits([4, -1]) == [])
    #expect(throws: SVFTError.self) { try model.logits([4, -1, 99]) }
  }
}
