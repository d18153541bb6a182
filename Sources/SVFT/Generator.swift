// Generation: prompts become sequences of a cache, prefilled in steps of packed rows, then
// continued one token each per step until each has ended. A sequence may begin with rows that the
// cache has already: a session's, or those of another prompt that begins alike.
//
// Models that rotate long sequences otherwise do so by all the tokens that are known of one; where
// that changes while it grows, it is computed again from its beginning.
//
// A sequence's tokens do not depend on its neighbours beyond rounding, and each draws from its own
// stream. Those with one adapter of their own lie side by side; outside they have the caller's
// numbers. One sequence is in Generator+Sequence.swift.
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
  /// Tokens of the prompt that were not computed for it: the session had computed them, or another
  /// prompt of the batch begins with them too.
  public let reusedTokens: Int
}

/// Receives each token: sequence, id, and the text that is complete with it. Returns false to
/// cancel.
public typealias TokenCallback = (_ sequence: Int, _ token: Int32, _ text: String) -> Bool

/// Runs one batch of prompts to its end.
struct Generator {
  private let network: Network
  private let gate: Gate
  /// Sequences of one lane side by side.
  private var sequences: [Sequence] = []

  /// Sequences of up to `context` tokens from prompts, whose ids are known to be tokens. Throws
  /// `.invalidArgument` for a prompt without tokens, `.limit` for one that fills the context, and
  /// what adapters of single prompts cannot be.
  init(
    _ model: Model, prompts: [[Int32]], _ options: GenerationOptions, context: Int
  ) throws(SVFTError) {
    network = model.network
    gate = model.gate
    let ends = Set(options.stopTokens).union(options.ignoresEnd ? [] : network.endTokens)
    let lanes = try model.lanes(options.adapters, prompts: prompts.count)
    let tokenizer = try model.tokenizer
    for index in model.order(lanes) {
      let prompt = prompts[index]
      guard !prompt.isEmpty else {
        throw SVFTError(
          .invalidArgument, "prompt \(index): expected at least one token, found none")
      }
      guard prompt.count < context else {
        throw SVFTError(
          .limit,
          "prompt \(index): expected fewer than \(context) tokens, the context, found "
            + "\(prompt.count)")
      }
      let start = network.geometry.startToken
      let texts = start.map { (source: prompt, prompt: [$0]) } ?? (source: [], prompt: prompt)
      sequences.append(
        Sequence(
          index: index, texts, limit: min(options.maxTokens, context - texts.prompt.count),
          options: options, tokenizer: tokenizer, ends: ends, lane: lanes[index]))
    }
  }

  /// What the sequences take as they stand.
  var size: Size {
    var lanes: [Lane] = []
    for lane in sequences.compactMap(\.lane) where lanes.last != lane { lanes.append(lane) }
    return Size(
      sequences: sequences.count, tokens: sequences.reduce(0) { $0 + $1.pending.count },
      sourceTokens: sequences.reduce(0) { $0 + $1.source.count },
      longestSource: sequences.map(\.source.count).max() ?? 0,
      context: sequences.map { $0.prompt.count + $0.limit }.max() ?? 1,
      restart: sequences.map {
        network.geometry.restart(from: $0.prompt.count, to: $0.prompt.count + $0.limit)
      }.max() ?? 0, lanes: lanes)
  }

  /// Generates until every sequence has ended, in a cache of its own. Throws `.cancelled` when
  /// asked to stop, `.memory` before anything is taken.
  mutating func run(_ onToken: TokenCallback?) throws(SVFTError) -> [Generation] {
    let alternatives = size.alternatives { (size, network) throws(SVFTError) in
      _ = try size.prepare(network)
    }
    let size = size
    try network.foresee("generation", or: alternatives) { (network) throws(SVFTError) in
      _ = try size.prepare(network)
    }
    shareBeginnings()
    for index in sequences.indices where sequences[index].limit == 0 {
      sequences[index].ending = .length
    }
    return try run(size.prepare(network), onToken)
  }

  /// Generates with a cache that holds the rows which sequences begin with. Where no token is
  /// wanted, prompts are computed all the same.
  mutating func run(_ room: Room, _ onToken: TokenCallback?) throws(SVFTError) -> [Generation] {
    let batch = room.pass.batch
    (batch.cache, batch.sourceCache) = (room.cache, room.sourceCache)
    defer { (batch.cache, batch.sourceCache) = (nil, nil) }
    while sequences.contains(where: { $0.ending == nil }) {
      try gate.checkCancelled("generation")
      try step(room.pass, room.cache, onToken)
    }
    return sequences.sorted { $0.index < $1.index }.map(\.result)
  }

  /// One step: rows of every live sequence up to the capacity, then a token for each that is
  /// through.
  private mutating func step(
    _ pass: Pass, _ cache: KVCache, _ onToken: TokenCallback?
  ) throws(SVFTError) {
    pass.batch.clear()
    var ready: [(sequence: Int, row: Int)] = []
    var appended: [(sequence: Int, count: Int)] = []
    let geometry = network.geometry
    for index in sequences.indices where sequences[index].ending == nil {
      sequences[index].restartIfRotated(geometry)
      guard try takeBeginning(index, cache), try read(index, pass) else { continue }
      let space = pass.batch.rowCapacity - pass.batch.rows
      let pending = sequences[index].pending.prefix(space)
      guard !pending.isEmpty else { continue }
      try pass.batch.append(
        pending, past: sequences[index].cached, slot: index,
        sourceCount: sequences[index].source.count, length: sequences[index].length,
        lane: pass.number(of: sequences[index].lane))
      appended.append((index, pending.count))
      if pending.count == sequences[index].pending.count, sequences[index].limit > 0 {
        ready.append((index, pass.batch.rows - 1))
      }
    }
    try pass.forwardBody()
    for (index, count) in appended { sequences[index].noteComputed(count, geometry) }
    guard !ready.isEmpty else { return }
    let logits = try pass.forwardHead(rows: ready.map(\.row))
    let width = network.geometry.vocabularySize
    try Pass.requireFinite(logits, rows: ready.count, width: width) {
      "logits after token \(sequences[ready[$0].sequence].cached) of sequence "
        + "\(sequences[ready[$0].sequence].index)"
    }
    for (position, (index, _)) in ready.enumerated() {
      let row = UnsafeBufferPointer(start: logits + position * width, count: width)
      let (token, text) = try sequences[index].advance(row)
      if let onToken, !onToken(sequences[index].index, token, text) {
        throw SVFTError(.cancelled, "generation was cancelled by the token callback")
      }
    }
  }
}

/// What encoder-decoders read.
extension Generator {
  /// Brings a sequence's source into the step that begins it, whole. False while there is no room.
  private mutating func read(_ index: Int, _ pass: Pass) throws(SVFTError) -> Bool {
    let sequence = sequences[index]
    guard let source = pass.batch.source, !sequence.isRead else { return true }
    guard sequence.source.count <= source.rowCapacity - source.rows else { return false }
    try source.append(sequence.source, slot: index, lane: pass.number(of: sequence.lane))
    sequences[index].isRead = true
    return true
  }
}

/// Rows that need not be computed.
extension Generator {
  /// Tokens that prompts must have in common: the others wait for the first to compute them, which
  /// is a step more, and a step costs as much as some tens of rows.
  private static let worthSharing = 32

  /// Sequence 0 begins with so many rows that the cache has already, of a text of `length` tokens.
  mutating func begin(with rows: Int, of length: Int?) { sequences[0].take(rows, of: length) }

  /// What sequence 0 is, end token left out, how many of its rows the cache has, and the length
  /// that they were computed for.
  var held: (tokens: [Int32], rows: Int, length: Int?) {
    let tokens = sequences[0].text
    return (tokens, min(sequences[0].cached, tokens.count), sequences[0].rowLength)
  }

  /// Lets prompts that begin as the first one of their lane, or the one before them, take its rows.
  private mutating func shareBeginnings() {
    for index in sequences.indices {
      let (prompt, lane) = (sequences[index].prompt, sequences[index].lane)
      guard let first = sequences[..<index].firstIndex(where: { $0.lane == lane }) else { continue }
      let alike = Set([first, index - 1]).sorted().map { donor in
        let other = sequences[donor].prompt
        let same = zip(other, prompt).prefix { $0 == $1 }.count
        let serves = network.geometry.serves(rowsOf: other.count, in: prompt.count)
        return (donor: donor, rows: serves ? min(same, prompt.count - 1) : 0)
      }
      guard let best = alike.max(by: { $0.rows < $1.rows }), best.rows >= Self.worthSharing
      else { continue }
      sequences[index].beginning = best
    }
  }

  /// Copies the rows that a sequence shares with another. False while that one has not got them; it
  /// comes earlier and is not ended before, so that there is always one that goes on.
  private mutating func takeBeginning(_ index: Int, _ cache: KVCache) throws(SVFTError) -> Bool {
    guard let (donor, rows) = sequences[index].beginning else { return true }
    guard sequences[donor].cached >= rows else { return false }
    let length = sequences[donor].rowLength
    // The donor may have grown meanwhile to where rotation is another.
    let serves = network.geometry.serves(rowsOf: length, in: sequences[index].length)
    if serves { try cache.copyRows(rows, of: donor, in: cache, to: index) }
    sequences[index].take(serves ? rows : 0, of: length)
    return true
  }
}
