// Prompts of one batch with adapters of their own: each is continued as if its adapter were
// attached for all and it were alone.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct PromptAdapterTests {
  private static func greedy(_ tokens: Int = 10) -> GenerationOptions {
    var options = GenerationOptions()
    (options.temperature, options.maxTokens, options.ignoresEnd) = (0, tokens, true)
    return options
  }

  private static let kinds = [
    #"{"method":"svft"}"#, #"{"method":"svft","pattern":"banded","d":3}"#,
    #"{"method":"svft","pattern":"random","d":2,"seed":5}"#,
    #"{"method":"svft","pattern":"topk","d":2}"#, #"{"method":"lora","r":2}"#,
    #"{"method":"lora","r":7,"targets":["q_proj","down_proj","lm_head"]}"#,
  ]

  /// A trained adapter that acts on nobody.
  private func resident(_ model: Model, _ options: String, _ data: String) throws -> Adapter {
    let adapter = try model.createAdapter(options)
    try trainBriefly(adapter, data, steps: 4)
    try adapter.setScale(0)
    return adapter
  }

  private func residents(_ tiny: TinyVerbs, _ model: Model) throws -> [Adapter] {
    let data = try tiny.data()
    return try Self.kinds.map { try resident(model, $0, data) }
  }

  /// What becomes of one prompt with an adapter attached for all.
  private func attached(
    _ wanted: PromptAdapter?, _ prompt: [Int32], _ model: Model, _ options: GenerationOptions
  ) throws -> Generation {
    var options = options
    options.adapters = []
    try wanted?.adapter.setScale(wanted?.scale ?? 0)
    defer { try? wanted?.adapter.setScale(0) }
    return try model.generate(tokens: [prompt], options)[0]
  }

  private static func prompt(_ index: Int, count: Int = 6) -> [Int32] {
    (0..<count).map { Int32(1 + (index * 37 + $0 * 11) % 371) }
  }

  @Test(arguments: [1, 3]) func eachPromptHasItsOwn(threads: Int) throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model(threads: threads)
    let adapters = try residents(tiny, model)
    // On top of one that acts on all.
    try trainBriefly(
      model.createAdapter(#"{"method":"lora","r":3,"seed":9}"#), try tiny.data(), steps: 2)
    var wanted: [PromptAdapter?] = []
    for index in 0..<13 {
      wanted.append(
        index % 5 == 4
          ? nil
          : PromptAdapter(adapters[index * 5 % adapters.count], scale: index % 4 == 3 ? -0.5 : 1))
    }
    let prompts = wanted.indices.map { Self.prompt($0) }
    var options = Self.greedy()
    options.adapters = wanted
    var streamed = [[Int32]](repeating: [], count: prompts.count)
    let made = try model.generate(tokens: prompts, options) { index, token, _ in
      streamed[index].append(token)
      return true
    }
    #expect(made.map(\.tokens) == streamed)
    var changed = 0
    for (index, prompt) in prompts.enumerated() {
      let alone = try attached(wanted[index], prompt, model, options)
      #expect(made[index].tokens == alone.tokens, "prompt \(index)")
      #expect(made[index].text == alone.text && made[index].promptTokens == prompt.count)
      let plain = try model.generate(tokens: [prompt], Self.greedy())[0]
      changed += alone.tokens == plain.tokens ? 0 : 1
    }
    #expect(changed > 6)
    // Nothing stays behind.
    let plain = try model.generate(tokens: prompts, Self.greedy())
    options.adapters = [PromptAdapter?](repeating: nil, count: prompts.count)
    #expect(try model.generate(tokens: prompts, options) == plain)
    options.adapters[0] = PromptAdapter(adapters[0])
    #expect(try model.generate(tokens: prompts, options).dropFirst() == plain.dropFirst())
  }

  @Test func longPromptsAreCutBetweenSteps() throws {
    let tiny = try TinyVerbs()
    try TinyModel.llama(.init { ($0.vocabulary, $0.context) = (372, 700) })
      .write(folder: tiny.folder.file("model"))
    let model = try tiny.model(threads: 2)
    let adapters = try residents(tiny, model)
    let prompts = [300, 250, 3, 400].enumerated().map { Self.prompt($0, count: $1) }
    var options = Self.greedy(6)
    options.adapters = [2, 4, nil, 1].map { place in place.map { PromptAdapter(adapters[$0]) } }
    let made = try model.generate(tokens: prompts, options)
    for (index, prompt) in prompts.enumerated() {
      let alone = try attached(options.adapters[index], prompt, model, options)
      #expect(made[index].tokens == alone.tokens, "prompt \(index)")
    }
  }

  @Test func beginningsAreSharedWithinOneAdapterAlone() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let adapters = try residents(tiny, model)
    let start = Self.prompt(3, count: 40)
    let prompts = (0..<7).map { start + [Int32($0 + 1)] }
    var options = Self.greedy(5)
    let (a, b) = (PromptAdapter(adapters[1]), PromptAdapter(adapters[4]))
    options.adapters = [nil, a, b, PromptAdapter(adapters[1], scale: 0.5), a, nil, b]
    let made = try model.generate(tokens: prompts, options)
    #expect(made.map(\.reusedTokens) == [0, 0, 0, 0, 40, 40, 40])
    for (index, prompt) in prompts.enumerated() {
      let alone = try attached(options.adapters[index], prompt, model, options)
      #expect(made[index].tokens == alone.tokens, "prompt \(index)")
    }
  }

  @Test func callsTakeTurnsWithAdaptersThatChange() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let adapters = try residents(tiny, model)
    let data = try tiny.data()
    for round in 0..<6 {
      let own = adapters[round % adapters.count]
      if round % 2 == 1 {
        try own.setScale(1)
        try trainBriefly(own, data, steps: 1)
        try own.setScale(0)
      }
      var options = Self.greedy()
      let other = adapters[(round + 2) % adapters.count]
      options.adapters = [PromptAdapter(own, scale: 1 + Float(round)), nil, PromptAdapter(other)]
      let prompts = (0..<3).map { Self.prompt($0 + round) }
      for _ in 0..<2 {
        let made = try model.generate(tokens: prompts, options)
        for (index, prompt) in prompts.enumerated() {
          let alone = try attached(options.adapters[index], prompt, model, options)
          #expect(made[index].tokens == alone.tokens, "round \(round), prompt \(index)")
        }
      }
    }
    // One that is gone is in no recording.
    try adapters[0].detach()
    var options = Self.greedy()
    options.adapters = [PromptAdapter(adapters[1])]
    #expect(
      try model.generate(tokens: [Self.prompt(1)], options)[0].tokens
        == attached(options.adapters[0], Self.prompt(1), model, options).tokens)
  }

  @Test func aSessionKnowsWhatItsRowsAreOf() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let adapters = try residents(tiny, model)
    let session = try model.session()
    let prompt = Self.prompt(2, count: 12)
    let turns: [(own: Int?, scale: Float, reused: Int)] = [
      (1, 1, 0), (1, 1, 11), (4, 1, 0), (4, 0.5, 0), (nil, 1, 0), (nil, 1, 11), (4, 0, 11),
    ]
    let wanted = turns.map { turn in
      turn.own.map { PromptAdapter(adapters[$0], scale: turn.scale) }
    }
    let alone = try wanted.map { try attached($0, prompt, model, Self.greedy()).tokens }
    #expect(Set(alone).count > 2)
    for (index, turn) in turns.enumerated() {
      var options = Self.greedy()
      options.adapters = wanted[index].map { [$0] } ?? []
      let made = try session.generate(tokens: prompt, options)
      #expect(made.reusedTokens == turn.reused)
      #expect(made.tokens == alone[index])
    }
    // Rows of a file that are of an adapter wait for the call that names it.
    for (place, next, computed, reused) in [
      (1, 1, 0, 11), (1, 4, 0, 0), (1, nil, 0, 0), (nil, nil, 21, 11),
    ] as [(Int?, Int?, Int, Int)] {
      var options = Self.greedy()
      options.adapters = place.map { [PromptAdapter(adapters[$0])] } ?? []
      let made = try session.generate(tokens: prompt, options)
      try session.save(to: tiny.folder.file("text.svfts"))
      let again = try model.session(restoring: tiny.folder.file("text.svfts"))
      #expect(try again.tokens == prompt + made.tokens)
      let about = try JSON.parse(again.describe()).root("session")
      #expect(try about.int("computed_tokens") == computed)
      options.adapters = next.map { [PromptAdapter(adapters[$0])] } ?? []
      let more = try again.generate(tokens: prompt, options)
      #expect(more.reusedTokens == reused)
      #expect(
        try more.tokens == attached(options.adapters.first ?? nil, prompt, model, options).tokens)
    }
  }

  private func failure(_ body: () throws -> Void) -> SVFTError {
    #expect(throws: SVFTError.self) { try body() } ?? SVFTError(.internal, "")
  }

  @Test func adaptersThatCannotAreRefusedByName() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let data = try tiny.data()
    let fine = try resident(model, Self.kinds[0], data)
    func refused(_ adapters: [PromptAdapter?], prompts: Int = 2) -> SVFTError {
      var options = Self.greedy()
      options.adapters = adapters
      return failure {
        _ = try model.generate(tokens: (0..<prompts).map { Self.prompt($0) }, options)
      }
    }
    func check(
      _ error: SVFTError, _ kind: SVFTError.Kind, _ words: String,
      sourceLocation: SourceLocation = #_sourceLocation
    ) {
      #expect(
        error.kind == kind && error.message.contains(words), "\(error)",
        sourceLocation: sourceLocation)
    }
    check(refused([PromptAdapter(fine)]), .invalidArgument, "each of 2 prompts")
    check(refused([nil], prompts: 0), .invalidArgument, "each of 0 prompts")
    for scale in [Float.nan, .infinity] {
      check(refused([nil, PromptAdapter(fine, scale: scale)]), .invalidArgument, "prompt 1: scale")
    }
    try fine.setScale(0.5)
    check(refused([PromptAdapter(fine), nil]), .state, "acts on all prompts with scale 0.5")
    try fine.detach()
    check(refused([nil, PromptAdapter(fine)]), .state, "prompt 1: expected an attached adapter")
    let other = try resident(tiny.model(), Self.kinds[0], data)
    check(refused([PromptAdapter(other), nil]), .mismatch, "of another")
    for (options, words) in [
      (#"{"method":"full","targets":["q_proj"]}"#, "full that replaces"),
      (#"{"method":"head"}"#, "head that replaces"),
      (#"{"method":"svft","modules_to_save":["norm"]}"#, "svft that replaces model.norm.weight"),
      (
        #"{"method":"svft","targets":["q_proj"],"rank":2,"residual":false}"#,
        "cuts weights to their first directions"
      ),
    ] {
      let adapter = try model.createAdapter(options)
      try adapter.setScale(0)
      check(refused([PromptAdapter(adapter), nil]), .unsupported, words)
      try adapter.detach()
    }
    let waiting = try model.createAdapter(Self.kinds[3])
    try waiting.setScale(0)
    check(refused([PromptAdapter(waiting), nil]), .state, "yet to see data")
    let lora = try resident(model, Self.kinds[4], data)
    let full = try model.createAdapter(#"{"method":"full","targets":["q_proj"]}"#)
    check(refused([PromptAdapter(lora), nil]), .state, "q_proj: expected weights as")
    try full.detach()
    // A session's text has one adapter.
    var options = Self.greedy()
    options.adapters = [PromptAdapter(lora), nil]
    check(
      failure { _ = try model.session().generate("a", options) }, .invalidArgument,
      "each of 1 prompts")
  }

  @Test func aRoundedAdapterIsRefused() throws {
    let tiny = try TinyVerbs()
    var loading = ModelOptions()
    (loading.threads, loading.quantization) = (1, "q8_0")
    let model = try Model(path: tiny.folder.file("model"), options: loading)
    let adapter = try model.createAdapter(#"{"method":"lora","quantization_aware":"frozen"}"#)
    try adapter.setScale(0)
    var options = Self.greedy()
    options.adapters = [PromptAdapter(adapter)]
    let error = failure { _ = try model.generate(tokens: [Self.prompt(0)], options) }
    #expect(error.kind == .unsupported && error.message.contains("quantisation-aware"))
    // One that is attached for all is fine beneath.
    try adapter.setScale(1)
    try trainBriefly(adapter, tiny.data())
    let own = try resident(model, Self.kinds[1], tiny.data())
    options.adapters = [PromptAdapter(own), nil]
    let prompts = [Self.prompt(0), Self.prompt(0)]
    let made = try model.generate(tokens: prompts, options)
    for index in 0..<2 {
      let alone = try attached(options.adapters[index], prompts[index], model, options)
      #expect(made[index].tokens == alone.tokens)
    }
  }

  @Test func memoryIsForeseenWithTheAdapters() throws {
    let tiny = try TinyVerbs()
    try TinyModel.llama(.init { ($0.vocabulary, $0.context) = (372, 700) })
      .write(folder: tiny.folder.file("model"))
    let trained = try tiny.model()
    // A form left free would make do with less.
    let additive = #"{"method":"svft","pattern":"banded","d":3,"form":"additive"}"#
    for (index, kind) in [additive, Self.kinds[5]].enumerated() {
      try resident(trained, kind, tiny.data()).save(to: tiny.folder.file("adapter-\(index)"))
    }
    /// The most that was in use.
    func peak(limit: Int) throws -> Int {
      var loading = ModelOptions()
      (loading.threads, loading.memoryLimit) = (1, limit)
      let model = try Model(path: tiny.folder.file("model"), options: loading)
      var options = Self.greedy(2)
      for index in 0..<2 {
        let adapter = try model.loadAdapter(tiny.folder.file("adapter-\(index)"), scale: 0)
        options.adapters.append(PromptAdapter(adapter))
      }
      _ = try model.generate(tokens: (0..<2).map { Self.prompt($0, count: 500) }, options)
      return try JSON.parse(model.describe()).root("model").object("memory").int("peak")
    }
    /// What was wrong with refusals around a need that was measured.
    func complaints() throws -> [String] {
      let need = try peak(limit: 1 << 40)
      var (refused, wrong) = (0, [String]())
      // Not so far below that the factors have no room.
      for limit in stride(from: need - 200_000, through: need + 200_000, by: 40_000) {
        do {
          _ = try peak(limit: limit)
        } catch let error as SVFTError {
          refused += 1
          if !error.message.contains("expected generation to stay within") {
            wrong.append(error.message)
          }
        }
      }
      return (1...10).contains(refused) ? wrong : wrong + ["\(refused) of 11 refused"]
    }
    // Alone this holds every time. Beside the suite's other tests, one time in four, what is in use
    // differs by some pages from one model to the next, and why is not known: so four attempts.
    var found: [[String]] = []
    repeat { found.append(try complaints()) } while found.last != [] && found.count < 4
    #expect(found.last == [], "\(found)")
  }

  /// What 100 adapters take that lie ready, in bytes for each trained number.
  private func residentBytes(_ options: String) throws -> Double {
    let tiny = try TinyVerbs()
    try TinyModel.llama(.init { ($0.vocabulary, $0.hidden, $0.feedForward) = (372, 128, 256) })
      .write(folder: tiny.folder.file("model"))
    let model = try tiny.model()
    let first = try model.createAdapter(options)
    try trainBriefly(first, try tiny.data(), steps: 2)
    try first.save(to: tiny.folder.file("adapter"))
    try first.setScale(0)
    let numbers = try JSON.parse(first.describe()).root("adapter").int("trainable")
    func used() throws -> Int {
      try JSON.parse(model.describe()).root("model").object("memory").int("used")
    }
    let before = try used()
    var adapters: [Adapter] = []
    for _ in 0..<100 {
      adapters.append(try model.loadAdapter(tiny.folder.file("adapter"), scale: 0))
    }
    let bytes = Double(try used() - before) / 100
    var generation = Self.greedy(3)
    generation.adapters = adapters.map { PromptAdapter($0) }
    let made = try model.generate(tokens: adapters.map { _ in Self.prompt(1) }, generation)
    #expect(Set(made.map(\.tokens)).count == 1)
    return bytes / Double(numbers)
  }

  @Test(arguments: [
    (#"{"method":"svft"}"#, 4.0), (#"{"method":"svft","pattern":"banded","d":4}"#, 4.0),
    // Cells of its own: 4 bytes each, and one start for each direction; all of one seed share them.
    (#"{"method":"svft","pattern":"random","d":4}"#, 4.0), (#"{"method":"lora","r":4}"#, 4.0),
  ]) func aHundredAdaptersTakeTheirNumbers(_ options: String, _ ideal: Double) throws {
    let bytes = try residentBytes(options)
    #expect(bytes >= ideal && bytes < 1.3 * ideal, "\(bytes) bytes for each number")
  }
}
