// Generation: prompts become sequences of a cache, prefilled in steps of packed rows, then
// continued one token each per step until each has ended.
//
// A sequence's tokens do not depend on its neighbours beyond rounding, and each draws from its own
// stream.
import SVFTTensor
import SVFTModels
import SVFTLayers
import SVFTText

/// What came of one prompt.
public struct Generation: Sendable, Equatable {
  /// Why it ended.
  public enum Ending: String, Sendable { case endToken = "end", stopString = "stop", length }

  /// The generated text, without prompt and without the stop string.
  public let text: String
  /// The generated ids, end token included.
  public let tokens: [Int32]
  /// Why generation of it ended.
  public let ending: Ending
  /// Tokens of the prompt.
  public let promptTokens: Int
}

/// Receives each token: sequence, id, and the text that is complete with it. Returns false to
/// cancel.
public typealias TokenCallback = (_ sequence: Int, _ token: Int32, _ text: String) -> Bool

/// Runs one batch of prompts to its end.
struct Generator {
  private let network: Network
  private let tokenizer: Tokenizer
  private let options: GenerationOptions
  private let gate: Gate
  private var sequences: [GenerationSequence]

  /// What decides the memory that generation takes.
  struct Size {
    let sequences: Int
    /// Tokens of all prompts.
    let tokens: Int
    /// Tokens of the longest sequence when it ends.
    let context: Int

    /// Rows of one prefill step.
    private static let stepRows = 512

    /// The pass of all steps, and an empty cache.
    func prepare(_ network: Network) throws(SVFTError) -> (Pass, KVCache) {
      let pass = try network.pass(
        .language,
        capacity: Pass.Capacity(
          rows: max(sequences, min(Self.stepRows, tokens)), sequences: sequences,
          headRows: sequences))
      return (pass, try network.cache(slots: sequences, context: context))
    }

    /// Smaller ones: fewer prompts, then fewer tokens of one.
    var alternatives: [Network.Alternative] {
      var smaller: [(String, Size)] = []
      var count = sequences / 2
      while count >= 1 {
        let size = Size(sequences: count, tokens: tokens * count / sequences, context: context)
        smaller.append(("a batch of \(count)", size))
        count /= 2
      }
      var length = context / 2
      while length >= 16 {
        let size = Size(sequences: 1, tokens: min(tokens / sequences, length), context: length)
        smaller.append(("a sequence of \(length) tokens, prompt included,", size))
        length /= 2
      }
      return smaller.map { name, size in
        Network.Alternative(name: name) { (network) throws(SVFTError) in
          _ = try size.prepare(network)
        }
      }
    }
  }

  init(
    _ network: Network, _ tokenizer: Tokenizer, prompts: [[Int32]], _ options: GenerationOptions,
    gate: Gate
  ) throws(SVFTError) {
    self.network = network
    self.tokenizer = tokenizer
    self.options = options
    self.gate = gate
    let context = network.contextLength
    let ends = Set(options.stopTokens).union(options.ignoresEnd ? [] : network.endTokens)
    sequences = []
    for (index, prompt) in prompts.enumerated() {
      guard !prompt.isEmpty else {
        throw SVFTError(
          .invalidArgument, "prompt \(index): expected at least one token, found none")
      }
      guard prompt.count < context else {
        throw SVFTError(
          .limit,
          "prompt \(index): expected fewer than \(context) tokens, the model's context, found "
            + "\(prompt.count)")
      }
      sequences.append(
        GenerationSequence(
          index: index, prompt: prompt, limit: min(options.maxTokens, context - prompt.count),
          options: options, tokenizer: tokenizer, ends: ends))
    }
  }

  /// Generates until every sequence has ended. Throws `.cancelled` when asked to stop.
  mutating func run(_ onToken: TokenCallback?) throws(SVFTError) -> [Generation] {
    let size = Size(
      sequences: sequences.count, tokens: sequences.reduce(0) { $0 + $1.prompt.count },
      context: sequences.map { $0.prompt.count + $0.limit }.max() ?? 1)
    try network.foresee("generation", or: size.alternatives) { (network) throws(SVFTError) in
      _ = try size.prepare(network)
    }
    let (pass, cache) = try size.prepare(network)
    pass.batch.cache = cache
    defer { pass.batch.cache = nil }
    for index in sequences.indices where sequences[index].limit == 0 {
      sequences[index].ending = .length
    }
    while sequences.contains(where: { $0.ending == nil }) {
      try gate.checkCancelled("generation")
      try step(pass, onToken)
    }
    return sequences.map { $0.result }
  }

  /// One step: rows of every live sequence up to the capacity, then a token for each that is
  /// through.
  private mutating func step(_ pass: Pass, _ onToken: TokenCallback?) throws(SVFTError) {
    pass.batch.clear()
    var ready: [(sequence: Int, row: Int)] = []
    for index in sequences.indices where sequences[index].ending == nil {
      let space = pass.batch.rowCapacity - pass.batch.rows
      let pending = sequences[index].pending.prefix(space)
      guard !pending.isEmpty else { continue }
      try pass.batch.append(pending, past: sequences[index].cached, slot: index)
      sequences[index].cached += pending.count
      if sequences[index].pending.isEmpty { ready.append((index, pass.batch.rows - 1)) }
    }
    try pass.forwardBody()
    guard !ready.isEmpty else { return }
    let logits = try pass.forwardHead(rows: ready.map(\.row))
    let width = network.geometry.vocabularySize
    for (position, (index, _)) in ready.enumerated() {
      let row = UnsafeBufferPointer(start: logits + position * width, count: width)
      let (token, text) = try sequences[index].advance(row)
      if let onToken, !onToken(index, token, text) {
        throw SVFTError(.cancelled, "generation was cancelled by the token callback")
      }
    }
  }
}

/// One prompt on its way.
private struct GenerationSequence {
  let index: Int
  let prompt: [Int32]
  let limit: Int
  /// Tokens that the cache holds.
  var cached = 0
  var ending: Generation.Ending?
  private var history: [Int32]
  private var sampler: Sampler
  private var decoder: StreamDecoder
  private var stops: StopMatcher
  private var shown: [UInt8] = []
  private let ends: Set<Int32>

  init(
    index: Int, prompt: [Int32], limit: Int, options: GenerationOptions, tokenizer: Tokenizer,
    ends: Set<Int32>
  ) {
    self.index = index
    self.prompt = prompt
    self.limit = limit
    history = prompt
    sampler = Sampler(options, sequence: index)
    decoder = StreamDecoder(tokenizer, continuing: true)
    stops = StopMatcher(options.stopStrings)
    self.ends = ends
  }

  /// Tokens not yet in the cache.
  var pending: ArraySlice<Int32> { history[cached...] }

  /// Chooses the next token. Returns it and the text that may be shown now.
  mutating func advance(
    _ logits: UnsafeBufferPointer<Float>
  ) throws(SVFTError) -> (Int32, String) {
    let token = try sampler.next(logits, history: history)
    history.append(token)
    var piece: [UInt8] = []
    if ends.contains(token) {
      ending = .endToken
      piece = stops.push(decoder.finish().utf8) + stops.finish()
    } else {
      piece = stops.push(try decoder.push(token).utf8)
      if stops.found != nil {
        ending = .stopString
      } else if history.count - prompt.count >= limit {
        ending = .length
        piece += stops.push(decoder.finish().utf8) + stops.finish()
      }
    }
    shown += piece
    return (token, String(decoding: piece, as: UTF8.self))
  }

  var result: Generation {
    Generation(
      text: String(decoding: shown, as: UTF8.self), tokens: Array(history[prompt.count...]),
      ending: ending ?? .length, promptTokens: prompt.count)
  }
}
