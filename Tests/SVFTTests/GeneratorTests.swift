// Generation as hosts see it: the reference's ids, batches, endings, streams, cancellation.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct GeneratorTests {
  private static func greedy(_ tokens: Int) -> GenerationOptions {
    var options = GenerationOptions()
    options.temperature = 0
    options.maxTokens = tokens
    return options
  }

  /// A tiny model whose next tokens are forced: each of `ids` once, in this order.
  private static func forcing(_ ids: [Int32]) -> GenerationOptions {
    var options = greedy(ids.count)
    options.presencePenalty = 9000
    options.ignoresEnd = true
    for (index, id) in ids.enumerated() { options.logitBias[id] = 5000 - 100 * Float(index) }
    return options
  }

  @Test(
    "A trained model writes what the reference writes, from either container",
    .enabled(if: SharedData.isPresent, "needs shared data"),
    arguments: TrainedStories.containers)
  func golden(_ name: String) throws {
    let golden = try TrainedStories.golden()
    let model = try TrainedStories.model(name)
    let prompt = try golden.string("prompt")
    let made = try #require(try model.generate([prompt], Self.greedy(64)).first)
    #expect(made.tokens.map { Int($0) } == (try golden.ints("continuation_ids")))
    #expect(prompt + made.text == (try golden.string("text")))
    #expect(made.promptTokens == (try golden.ints("prompt_ids").count))
    #expect(made.ending == .length)
    // An empty prompt is the token that begins a text.
    let ids = try golden.ints("bos_greedy_200_ids")
    let whole = try #require(try model.generate([""], Self.greedy(ids.count - 1)).first)
    #expect(whole.promptTokens == 1)
    #expect(whole.tokens.map { Int($0) } == Array(ids.dropFirst()))
  }

  @Test(
    "Each of several prompts is continued as if it were alone, however many steps they fill",
    .enabled(if: SharedData.isPresent, "needs shared data"))
  func batch() throws {
    let model = try TrainedStories.model()
    let text = try TrainedStories.golden().string("bos_greedy_200_text")
    // About 900 tokens: the prefill takes two steps and cuts a prompt in two.
    let prompts = [text + text, "Once", text, "Lily saw a dog", text + " The end."]
    let options = Self.greedy(12)
    let together = try model.generate(prompts, options)
    #expect(together.reduce(0) { $0 + $1.promptTokens } > 512)
    for (index, prompt) in prompts.enumerated() {
      let alone = try model.generate([prompt], options)[0]
      #expect(alone.tokens == together[index].tokens, "prompt \(index)")
      #expect(alone.text == together[index].text, "prompt \(index)")
      #expect(alone.reusedTokens == 0)
    }
    // The long ones begin alike: computed once.
    #expect(together.map { $0.reusedTokens > 100 } == [false, false, true, false, true])
    #expect(try model.generate([], options) == [])
  }

  @Test func whatPromptsBeginWithIsComputedOnce() throws {
    let model = try TinyVerbs().model()
    let start = (0..<40).map { Int32(3 + $0 * 7 % 300) }
    let prompts = [
      start, start + [5, 6], Array(start[..<36]) + [9], start + [5, 6, 7], [1, 2], start,
    ]
    for options in [Self.greedy(5), Self.greedy(0)] {
      let together = try model.generate(tokens: prompts, options)
      let reused = [0, 40, 36, 40, 0, 39]
      #expect(
        together.map(\.reusedTokens) == (options.maxTokens == 0 ? reused.map { _ in 0 } : reused))
      for (made, prompt) in zip(together, prompts) {
        #expect(try made.tokens == model.generate(tokens: [prompt], options)[0].tokens)
      }
    }
  }

  /// A model with eight rows more than its tokenizer has tokens, whose logits are the largest.
  private func padded(_ tied: Bool) throws -> TinyVerbs {
    var model = TinyModel.llama(.init { $0.vocabulary = 380 }, tied: tied)
    let place = try #require(model.position(tied ? "model.embed_tokens.weight" : "lm_head.weight"))
    // The rows of a random token, larger: wherever it is likely, they are likelier.
    for row in 372..<380 {
      for column in 0..<32 {
        model.tensors[place].values[row * 32 + column] =
          9 * model.tensors[place].values[(row - 100) * 32 + column]
      }
    }
    return try TinyVerbs(model, tokenizer: TinyVerbs.fixture("bytes"))
  }

  @Test(arguments: [true, false], ["model", "model.gguf"])
  func rowsThatNoTokenMeansAreNeverChosen(_ tied: Bool, _ name: String) throws {
    let tiny = try padded(tied)
    let first = try tiny.model()
    if name.hasSuffix("gguf") { _ = try first.save(to: tiny.folder.file(name)) }
    let model = try Model(path: tiny.folder.file(name))
    #expect(model.vocabularySize == 380)
    let prompts = (0..<8).map { "the cat \($0)" }
    var options = Self.greedy(8)
    options.ignoresEnd = true
    var unmasked = 0
    for prompt in prompts {
      let logits = try model.logits(model.tokenize(prompt)).suffix(380)
      let best = logits.indices.max { logits[$0] < logits[$1] }
      unmasked += (best ?? 0) - logits.startIndex >= 372 ? 1 : 0
    }
    #expect(unmasked > 0)
    for temperature in [0, 2] as [Float] {
      options.temperature = temperature
      for made in try model.generate(prompts, options) {
        #expect(made.tokens.count == 8)
        #expect(made.tokens.allSatisfy { $0 < 372 })
      }
    }
    #expect(try model.detokenize([372, 379]) == "")
    let beyond = #expect(throws: SVFTError.self) { try model.detokenize([380]) }
    #expect(beyond?.kind == .invalidArgument)
  }

  @Test func equalSeedsGiveEqualTextsAndOthersDiffer() throws {
    let model = try TinyVerbs().model()
    var options = GenerationOptions()
    (options.maxTokens, options.temperature, options.topK) = (24, 1.5, 0)
    let first = try model.generate(["the cat", "the cat"], options)
    #expect(try model.generate(["the cat", "the cat"], options) == first)
    #expect(first[0].tokens != first[1].tokens)
    options.seed = 1
    #expect(try model.generate(["the cat", "the cat"], options) != first)
  }

  @Test(arguments: [0, 1, 7]) func noMoreTokensThanAskedFor(_ count: Int) throws {
    var options = Self.greedy(count)
    options.ignoresEnd = true
    let made = try TinyVerbs().model().generate(["the cat", "a"], options)
    #expect(made.map(\.tokens.count) == [count, count])
    #expect(made.allSatisfy { $0.ending == .length })
  }

  @Test func theContextIsTheLimit() throws {
    let model = try TinyVerbs().model()
    var options = Self.greedy(1000)
    options.ignoresEnd = true
    let made = try model.generate(["the cat"], options)[0]
    #expect(made.promptTokens + made.tokens.count == model.contextLength)
    let long = String(repeating: "!?", count: model.contextLength)
    let failure = #expect(throws: SVFTError.self) { try model.generate(["a", long], options) }
    #expect(failure?.kind == .limit)
    #expect(failure?.message.contains("prompt 1") == true)
  }

  @Test(
    "Text ends before a stop string that began in an earlier token",
    .enabled(if: SharedData.isPresent, "needs shared data"))
  func stopStrings() throws {
    let model = try TrainedStories.model()
    let golden = try TrainedStories.golden()
    let text = try golden.string("text").dropFirst(try golden.string("prompt").count)
    var options = Self.greedy(64)
    options.stopStrings = ["nowhere to be found", "irl named Li"]
    var streamed = ""
    let made = try model.generate([try golden.string("prompt")], options) { _, _, piece in
      streamed += piece
      return true
    }[0]
    let expected = text.prefix(upTo: try #require(text.firstRange(of: "irl named Li")).lowerBound)
    #expect(made.text == expected)
    #expect(streamed == expected)
    #expect(made.ending == .stopString)
    let ids = try golden.ints("continuation_ids").prefix(made.tokens.count)
    #expect(made.tokens.map { Int($0) } == Array(ids))
    #expect(made.tokens.count < 20)
  }

  @Test func stopTokensEndATextAndAreNoPartOfIt() throws {
    let model = try TinyVerbs().model()
    let ids = try model.tokenize("xyz", special: false)
    #expect(ids.count == 3)
    var options = Self.forcing(ids)
    options.stopTokens = [ids[1]]
    let made = try model.generate(["the cat"], options)[0]
    #expect(made.tokens == Array(ids[..<2]))
    #expect(made.text == "x")
    #expect(made.ending == .endToken)
  }

  @Test func theModelsOwnEndTokenEndsATextUnlessIgnored() throws {
    let tiny = try TinyVerbs()
    try tiny.folder.write("model/generation_config.json", "{\"eos_token_id\": 370}")
    let model = try tiny.model()
    let b = try #require(try model.tokenize("b", special: false).first)
    var options = Self.forcing([370, b])
    options.ignoresEnd = false
    let ended = try model.generate(["the cat"], options)[0]
    #expect(ended.tokens == [370])
    #expect(ended.text.isEmpty)
    #expect(ended.ending == .endToken)
    options.ignoresEnd = true
    #expect(try model.generate(["the cat"], options)[0].tokens == [370, b])
  }

  @Test func aStreamHoldsBackHalfACharacter() throws {
    let model = try TinyVerbs().model()
    // One token per byte of four.
    let ids = try model.tokenize("😀", special: false)
    #expect(ids.count == 4)
    var pieces: [String] = []
    let options = Self.forcing(ids)
    let made = try model.generate(["the cat"], options) { _, token, text in
      #expect(token == ids[pieces.count])
      pieces.append(text)
      return true
    }[0]
    #expect(pieces == ["", "", "", "😀"])
    #expect(made.text == "😀")
  }

  @Test func streamedPiecesMakeTheText() throws {
    let model = try TinyVerbs().model()
    var options = GenerationOptions()
    (options.maxTokens, options.temperature, options.topK, options.topP) = (50, 50, 0, 1)
    options.minP = 0
    for seed in 0..<6 {
      options.seed = UInt64(seed)
      var streamed = ["", ""]
      var tokens: [[Int32]] = [[], []]
      let made = try model.generate(["the cat", "é"], options) { sequence, token, text in
        streamed[sequence] += text
        tokens[sequence].append(token)
        return true
      }
      #expect(made.map(\.text) == streamed)
      #expect(made.map(\.tokens) == tokens)
    }
  }

  @Test func theCallbackCancelsAndTheModelStaysUsable() throws {
    let model = try TinyVerbs().model()
    var options = Self.greedy(20)
    options.ignoresEnd = true
    let whole = try model.generate(["the cat", "a"], options)
    var seen = 0
    let failure = #expect(throws: SVFTError.self) {
      try model.generate(["the cat", "a"], options) { _, _, _ in
        seen += 1
        return seen < 5
      }
    }
    #expect(failure?.kind == .cancelled)
    #expect(seen == 5)
    #expect(try model.generate(["the cat", "a"], options) == whole)
  }

  @Test func cancelStopsBeforeTheNextStep() throws {
    let model = try TinyVerbs().model()
    var options = Self.greedy(40)
    options.ignoresEnd = true
    var seen = 0
    let failure = #expect(throws: SVFTError.self) {
      try model.generate(["the cat"], options) { _, _, _ in
        seen += 1
        if seen == 3 { model.cancel() }
        return true
      }
    }
    #expect(failure?.kind == .cancelled)
    #expect(seen == 3)
  }

  @Test func aModelWithoutNumbersIsToldOf() throws {
    let tiny = try TinyVerbs()
    var broken = TinyModel.llama(.init { $0.vocabulary = 372 })
    let norm = try #require(broken.position("model.norm.weight"))
    for index in broken.tensors[norm].values.indices { broken.tensors[norm].values[index] = .nan }
    try broken.write(folder: tiny.folder.file("model"))
    let failure = #expect(throws: SVFTError.self) {
      try tiny.model().generate(["the cat"], Self.greedy(2))
    }
    #expect(failure?.kind == .nonFinite)
  }
}
