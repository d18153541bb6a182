// Sessions: whatever was computed before, a text is continued as if it had been computed whole.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct SessionTests {
  private static func greedy(_ tokens: Int = 8) -> GenerationOptions {
    var options = GenerationOptions()
    (options.temperature, options.maxTokens, options.ignoresEnd) = (0, tokens, true)
    return options
  }

  /// Continues `ids` in the session and in nothing, and expects the same.
  @discardableResult
  private func continued(
    _ session: Session, _ ids: [Int32], reusing reused: Int, _ tokens: Int = 8,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Generation {
    let made = try session.generate(tokens: ids, Self.greedy(tokens))
    let alone = try session.model.generate(tokens: [ids], Self.greedy(tokens))[0]
    #expect(made.tokens == alone.tokens && made.text == alone.text, sourceLocation: sourceLocation)
    #expect(made.promptTokens == ids.count, sourceLocation: sourceLocation)
    #expect(made.reusedTokens == reused, sourceLocation: sourceLocation)
    #expect(alone.reusedTokens == 0, sourceLocation: sourceLocation)
    #expect(try session.tokens == ids + made.tokens, sourceLocation: sourceLocation)
    return made
  }

  private func computed(_ session: Session) throws -> Int {
    try JSON.parse(session.describe()).root("session").int("computed_tokens")
  }

  @Test func onlyWhatIsNewIsComputed() throws {
    let session = try TinyVerbs().model().session()
    #expect(try session.tokens.isEmpty)
    let first: [Int32] = [1, 20, 30, 40, 50, 60]
    try continued(session, first, reusing: 0)
    // The last token was generated and not yet computed.
    #expect(try computed(session) == 13)
    let longer = try session.tokens + [70, 80]
    try continued(session, longer, reusing: 13)
    try continued(session, longer, reusing: longer.count - 1)
    try continued(session, Array(longer[..<9]), reusing: 8)
    try continued(session, Array(longer[..<4]) + [99, 98, 97], reusing: 4)
    try continued(session, [2, 20, 30], reusing: 0)
  }

  @Test(
    "A trained model tells its story in pieces as in one",
    .enabled(if: SharedData.isPresent, "needs shared data"))
  func pieces() throws {
    let golden = try TrainedStories.golden()
    let model = try TrainedStories.model()
    let session = try model.session()
    let prompt = try golden.string("prompt")
    var text = prompt + (try session.generate(prompt, Self.greedy(20))).text
    for count in [1, 13, 30] {
      let more = try session.extend("", Self.greedy(count))
      #expect(more.reusedTokens == more.promptTokens - 1)
      text += more.text
    }
    #expect(text == (try golden.string("text")))
    // Texts share what they share, however they were cut into tokens.
    let whole = try session.generate(prompt + " Then", Self.greedy(4))
    #expect(whole.reusedTokens > 0 && whole.reusedTokens < whole.promptTokens)
  }

  @Test func aSessionGrowsAndKeepsItsRows() throws {
    let tiny = try TinyVerbs()
    let size = TinyModel.Size { ($0.vocabulary, $0.context) = (372, 700) }
    try TinyModel.llama(size).write(folder: tiny.folder.file("model"))
    let session = try tiny.model(threads: 2).session()
    try continued(session, [1, 20, 30], reusing: 0, 200)
    try continued(session, session.tokens, reusing: 202, 300)
    try continued(session, session.tokens, reusing: 502, 100)
    let failure = #expect(throws: SVFTError.self) {
      try session.generate(tokens: Array(repeating: 5, count: 700))
    }
    #expect(failure?.kind == .limit && failure?.message.contains("700") == true)
    #expect(try session.tokens.count == 603)
  }

  @Test func extendingIsContinuingTheTokensThereAre() throws {
    let tiny = try TinyVerbs()
    let (session, other) = (try tiny.model().session(), try tiny.model().session())
    let first = try session.extend("the cat", Self.greedy())
    #expect(try first.tokens == other.generate("the cat", Self.greedy()).tokens)
    let more = try session.model.tokenize(" sat", special: false)
    let tokens = try other.tokens + more
    let second = try session.extend(" sat", Self.greedy())
    #expect(try second.tokens == other.generate(tokens: tokens, Self.greedy()).tokens)
    #expect(second.reusedTokens == first.promptTokens + 7)
    #expect(try session.tokens == other.tokens)
  }

  @Test func aConversationIsAPromptToo() throws {
    let model = try TinyVerbs().model()
    let session = try model.session()
    let turns = #"{"role":"user","content":"a cat"}"#
    let first = try session.generate(conversation: "[\(turns)]", Self.greedy())
    #expect(
      try first.tokens == model.generate(conversations: ["[\(turns)]"], Self.greedy())[0].tokens)
    let longer = #"[\#(turns),{"role":"assistant","content":"b"},{"role":"user","content":"c"}]"#
    let second = try session.generate(conversation: longer, layout: .plain, Self.greedy())
    let alone = try model.generate(conversations: [longer], layout: .plain, Self.greedy())
    #expect(second.tokens == alone[0].tokens && second.reusedTokens > 4)
  }

  @Test func aBeginningCanBeComputedAlone() throws {
    let session = try TinyVerbs().model().session()
    let made = try session.generate(tokens: [1, 20, 30, 40], Self.greedy(0))
    #expect(made.tokens.isEmpty && made.ending == .length)
    #expect(try computed(session) == 4)
    try continued(session, [1, 20, 30, 40, 50], reusing: 4)
  }

  @Test func anEndTokenIsNoPartOfTheText() throws {
    let model = try TinyVerbs().model()
    let session = try model.session()
    var options = Self.greedy()
    options.logitBias[9] = 1e6
    options.stopTokens = [9]
    let made = try session.generate(tokens: [1, 20, 30], options)
    #expect(made.tokens == [9] && made.ending == .endToken)
    #expect(try session.tokens == [1, 20, 30])
    #expect(try computed(session) == 3)
  }

  @Test func whateverChangesTheModelMakesRowsStale() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let session = try model.session()
    let ids: [Int32] = [1, 20, 30, 40, 50, 60]
    func isStaleOnce(_ what: String) throws {
      let made = try session.generate(tokens: ids, Self.greedy())
      let alone = try model.generate(tokens: [ids], Self.greedy())[0]
      #expect(made.tokens == alone.tokens && made.reusedTokens == 0, "\(what)")
      #expect(try session.generate(tokens: ids, Self.greedy()).reusedTokens == 5, "\(what)")
    }
    try isStaleOnce("nothing yet")
    let base = try session.tokens
    let adapter = try model.createAdapter(#"{"method":"lora","r":3}"#)
    try isStaleOnce("attached")
    var options = TrainingOptions()
    (options.steps, options.learningRate) = (4, 0.3)
    let trainer = try Trainer(adapter, data: tiny.data(), options: options)
    _ = try trainer.trainStep()
    try isStaleOnce("trained one step")
    try trainer.train()
    try isStaleOnce("trained")
    #expect(try session.tokens != base)
    try adapter.setScale(0.5)
    try isStaleOnce("scaled")
    try adapter.setScale(0)
    try isStaleOnce("turned off")
    #expect(try session.tokens == base)
    try adapter.setScale(1)
    try adapter.detach()
    #expect(try computed(session) == 0 && session.tokens == base)
    try isStaleOnce("detached")
  }

  @Test func aCancelledCallLeavesWhatWasSeen() throws {
    let model = try TinyVerbs().model()
    let session = try model.session()
    let ids: [Int32] = [1, 20, 30]
    let whole = try model.generate(tokens: [ids], Self.greedy(12))[0].tokens
    for stops in [true, false] {
      var seen: [Int32] = []
      let failure = #expect(throws: SVFTError.self) {
        try session.generate(tokens: ids, Self.greedy(12)) { _, token, _ in
          seen.append(token)
          if seen.count == 5, !stops { model.cancel() }
          return seen.count < 5 || !stops
        }
      }
      #expect(failure?.kind == .cancelled && seen.count == 5)
      #expect(try session.tokens == ids + seen)
      #expect(try computed(session) == 7)
      let rest = try session.extend("", Self.greedy(7))
      #expect(seen + rest.tokens == whole && rest.reusedTokens == 7)
    }
  }

  @Test func whatIsRefusedChangesNothing() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let session = try model.session()
    try continued(session, [1, 20, 30], reusing: 0)
    let before = try session.tokens
    for ids in [[], [372], [-1], Array(repeating: 5, count: 64)] as [[Int32]] {
      let failure = #expect(throws: SVFTError.self) { try session.generate(tokens: ids) }
      #expect(failure?.kind == (ids.count > 1 ? .limit : .invalidArgument))
    }
    var inside: SVFTError?
    _ = try session.generate(tokens: before, Self.greedy(1)) { _, _, _ in
      do throws(SVFTError) { _ = try session.tokens } catch { inside = error }
      return true
    }
    #expect(inside?.kind == .busy)
    #expect(throws: SVFTError.self) { try TinyVerbs(encoder: true).model().session() }
  }

  @Test func aSessionHasAContextOfItsOwn() throws {
    let model = try TinyVerbs().model()
    let session = try model.session(SessionOptions(json: #"{"context_length": 10}"#))
    #expect(session.contextLength == 10)
    let made = try session.generate(tokens: [1, 20, 30], Self.greedy(50))
    #expect(made.tokens.count == 7 && made.ending == .length)
    let failure = #expect(throws: SVFTError.self) { try session.extend("", Self.greedy()) }
    #expect(failure?.kind == .limit)
    for text in [#"{"context_length": 65}"#, #"{"context_length": -1}"#, #"{"size": 1}"#, "["] {
      let refused = #expect(throws: SVFTError.self) {
        try model.session(SessionOptions(json: text))
      }
      #expect(refused?.kind == .invalidArgument, "\(text)")
    }
  }

  @Test func memoryIsForeseenBeforeAnythingChanges() throws {
    let tiny = try TinyVerbs()
    let size = TinyModel.Size { ($0.vocabulary, $0.context) = (372, 1 << 20) }
    try TinyModel.llama(size).write(folder: tiny.folder.file("model"))
    var options = ModelOptions()
    (options.threads, options.memoryLimit) = (1, 64 << 20)
    let session = try Model(path: tiny.folder.file("model"), options: options).session()
    try continued(session, [1, 20, 30], reusing: 0)
    let failure = #expect(throws: SVFTError.self) {
      try session.extend("", Self.greedy(900_000))
    }
    #expect(failure?.kind == .memory && failure?.message.contains("would fit") == true)
    try continued(session, session.tokens, reusing: 10)
  }
}
