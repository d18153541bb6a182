// Models that rotate long sequences otherwise: what is generated is what the whole text gives,
// through steps of a long prompt, across the length where rotation changes, beside prompts that
// begin alike, in sessions and their files.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct LongRotationTests {
  private static let longrope = longrope(original: 40)

  private static func longrope(original: Int) -> String {
    """
    {"rope_type": "longrope", "short_factor": [1.0, 1.1, 1.3, 1.6],
     "long_factor": [1.5, 2.0, 3.0, 5.0], "original_max_position_embeddings": \(original)}
    """
  }

  private static let dynamic = """
    {"rope_type": "dynamic", "factor": 4.0}
    """

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The tiny Llama with weights large enough for its choices to hang on positions.
  private func model(_ scaling: String, context: Int) throws -> Model {
    let (from, place) = (SharedData.packageRoot + "/Tests/Fixtures/llama", folder.file("model"))
    try FileManager.default.copyItem(atPath: from, toPath: place)
    var config = try JSON.read(place + "/config.json").root("config")
    config["rope_scaling"] = try JSON.parse(scaling)
    config["max_position_embeddings"] = .integer(context)
    try folder.write("model/config.json", JSON.object(config).text(.pretty))
    var options = ModelOptions()
    (options.threads, options.precision) = (1, .f32)
    return try Model(path: place, options: options)
  }

  private static func prompt(_ count: Int, from start: Int = 0) -> [Int32] {
    (start..<start + count).map { (place: Int) -> Int32 in
      let mixed = 37 * place + 11 * place * place
      return Int32(3 + mixed % 390)
    }
  }

  private static func greedy(_ tokens: Int) -> GenerationOptions {
    var options = GenerationOptions()
    (options.temperature, options.maxTokens, options.ignoresEnd) = (0, tokens, true)
    return options
  }

  /// The tokens that a prompt is continued with, each from the whole text.
  private func whole(_ model: Model, _ prompt: [Int32], _ count: Int) throws -> [Int32] {
    var text = prompt
    for _ in 0..<count {
      let logits = try model.logits(text).suffix(model.vocabularySize)
      let best = try #require(logits.indices.max { logits[$0] < logits[$1] })
      text.append(Int32(best - logits.startIndex))
    }
    return Array(text.dropFirst(prompt.count))
  }

  /// The original length is 40: from one side of it to the other, and beyond all along.
  @Test(arguments: [8, 39, 40, 41, 600]) func generatingIsWhatTheWholeGives(_ count: Int) throws {
    let model = try model(Self.longrope, context: 1024)
    let prompt = Self.prompt(count)
    let tokens = count < 100 ? 48 : 4
    let made = try model.generate(tokens: [prompt], Self.greedy(tokens))[0].tokens
    #expect(try whole(model, prompt, tokens) == made)
  }

  /// A restart that takes two steps, beside a text that goes on.
  @Test func restartsOfSeveralStepsLeaveNeighboursAlone() throws {
    let model = try model(Self.longrope(original: 600), context: 1024)
    let prompts = [Self.prompt(590), Self.prompt(12, from: 7)]
    let made = try model.generate(tokens: prompts, Self.greedy(20))
    for (prompt, made) in zip(prompts, made) {
      #expect(try whole(model, prompt, 20) == made.tokens)
    }
  }

  /// The first token of a prompt that takes several steps: its length is known from the beginning.
  @Test(arguments: [300, 520, 700]) func growingFrequenciesAreThoseOfTheWholePrompt(
    _ count: Int
  ) throws {
    let model = try model(Self.dynamic, context: 256)
    let prompt = Self.prompt(count)
    let made = try model.generate(tokens: [prompt], Self.greedy(1))[0].tokens
    #expect(try whole(model, prompt, 1) == made)
  }

  @Test(arguments: [longrope, dynamic]) func neighboursThatBeginAlikeChangeNothing(
    _ scaling: String
  ) throws {
    let model = try model(scaling, context: scaling == Self.dynamic ? 40 : 1024)
    let beginning = Self.prompt(33)
    let prompts = [
      beginning + Self.prompt(2, from: 50), beginning + Self.prompt(1, from: 70),
      beginning + Self.prompt(30, from: 60), beginning + Self.prompt(30, from: 80),
    ]
    let options = Self.greedy(6)
    let together = try model.generate(tokens: prompts, options)
    for (index, prompt) in prompts.enumerated() {
      let alone = try model.generate(tokens: [prompt], options)[0]
      #expect(together[index].tokens == alone.tokens, "prompt \(index)")
    }
    // Those that are rotated alike still share.
    #expect(together.map(\.reusedTokens) == [0, 33, 0, 33])
  }

  @Test(arguments: [longrope, dynamic]) func sessionsAreWhatTheyAreWithout(
    _ scaling: String
  ) throws {
    let model = try model(scaling, context: scaling == Self.dynamic ? 40 : 1024)
    let options = Self.greedy(5)
    let session = try model.session()
    let text = Self.prompt(60)
    var (reused, saved) = ([Int](), [Int]())
    for count in [10, 30, 37, 50, 60, 20, 39] {
      let prompt = Array(text.prefix(count))
      let made = try session.generate(tokens: prompt, options)
      reused.append(made.reusedTokens)
      #expect(try made.tokens == model.generate(tokens: [prompt], options)[0].tokens, "\(count)")
      let path = folder.file("session")
      try session.save(to: path)
      let restored = try model.session(restoring: path)
      saved.append(try JSON.parse(restored.describe()).root("session").int("computed_tokens"))
      let more = try restored.tokens + [5, 6]
      #expect(
        try restored.generate(tokens: more, options).tokens
          == model.generate(tokens: [more], options)[0].tokens, "\(count), restored")
    }
    // 37 and 39 grow beyond 40: LongRoPE begins again there, and what dynamic scaling has is mixed.
    let isDynamic = scaling == Self.dynamic
    #expect(reused == (isDynamic ? [0, 10, 30, 0, 0, 0, 20] : [0, 10, 0, 37, 50, 0, 0]))
    #expect(saved == (isDynamic ? [14, 34, 0, 0, 0, 24, 0] : [14, 34, 41, 54, 64, 24, 43]))
  }
}
