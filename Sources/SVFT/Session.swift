// A text in progress, kept between calls: its tokens and the rows of a cache that were computed for
// them. The next call computes only what is new:
//
//   tokens   t₀ t₁ … tₙ      the text: the last prompt, and what was generated after it
//   rows     r₀ r₁ … rₘ      m ≤ n, of the model as it was at one revision (Network.revision), and
//                            of the text's own adapter, where it has one
//
// A prompt keeps the rows of the tokens that it begins with too; at least its last token is
// computed, because nothing else gives the next one. Rows of a model that has changed since are
// computed again; the text stays. Whatever ends a call, rows are those of the first tokens.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTModels
public import SVFTTensor
import SVFTText

/// One text of a model, and what was computed for it. One thread at a time, like its model.
public final class Session: @unchecked Sendable {
  /// The model it belongs to, kept alive by it.
  public let model: Model
  /// Tokens of the text at most.
  public let contextLength: Int
  private var text: [Int32] = []
  private var cache: KVCache?
  private var rows = 0
  /// Tokens that were known when the rows were computed (Generator.Sequence).
  private var rowLength: Int?
  private var revision: Int
  /// The adapter of the text alone that rows were computed with.
  private var lane: Lane?
  /// What a restored text's rows are read from once a call says with which adapter it goes on.
  private var unread: SessionFile?

  /// Rows are taken in groups of this size, so that not every call needs a larger cache.
  private static let group = 256

  init(_ model: Model, _ options: SessionOptions) throws(SVFTError) {
    try model.requireGenerates()
    guard model.network.geometry.startToken == nil else {
      throw SVFTError(
        .unsupported,
        "expected a model that continues a text, found an encoder-decoder, which answers each "
          + "text anew: generate without a session: \(model.path)")
    }
    self.model = model
    contextLength = try options.resolvedContext(of: model.contextLength)
    revision = model.network.revision
  }

  /// The ids of the text so far: prompt and generated tokens, an end token left out. Throws
  /// `.busy`.
  public var tokens: [Int32] {
    get throws(SVFTError) {
      try model.gate.exclusively { () throws(SVFTError) in text }
    }
  }

  /// Continues a prompt, which is the whole text. `maxTokens` = 0 computes it and generates
  /// nothing.
  ///
  /// Throws what `Model.generate` does. Also after a failure the session holds the prompt and what
  /// was generated until then, unless the arguments or the memory were the reason.
  public func generate(
    _ prompt: String, _ options: GenerationOptions = GenerationOptions(),
    onToken: TokenCallback? = nil
  ) throws(SVFTError) -> Generation {
    try generate(tokens: model.promptTokens(prompt, options), options, onToken: onToken)
  }

  /// Continues tokens, which are the whole text.
  public func generate(
    tokens: [Int32], _ options: GenerationOptions = GenerationOptions(),
    onToken: TokenCallback? = nil
  ) throws(SVFTError) -> Generation {
    try model.gate.exclusively { () throws(SVFTError) in try run(tokens, options, onToken) }
  }

  /// Continues a conversation, all of it, with the assistant's next turn; `messages` and `layout`
  /// as in `Model.tokenize(conversation:)`.
  public func generate(
    conversation messages: String, layout: TrainingOptions.ChatStyle = .auto,
    _ options: GenerationOptions = GenerationOptions(), onToken: TokenCallback? = nil
  ) throws(SVFTError) -> Generation {
    let chat = try model.chatEncoder(layout)
    let prompt = try chat.prompt(Model.talk(messages))
    return try generate(tokens: prompt, chat.ending(options), onToken: onToken)
  }

  /// Adds `more` to the text, which may be empty, and continues it. The seam is a seam of tokens
  /// too: the text as one prompt may have others there.
  public func extend(
    _ more: String = "", _ options: GenerationOptions = GenerationOptions(),
    onToken: TokenCallback? = nil
  ) throws(SVFTError) -> Generation {
    try model.gate.exclusively { () throws(SVFTError) in
      guard !text.isEmpty else {
        return try run(model.promptTokens(more, options), options, onToken)
      }
      let added = try model.tokenizer.encode(
        stretch: more, first: false, special: options.parsesSpecial)
      return try run(text + added, options, onToken)
    }
  }

  /// The caller holds the gate.
  private func run(
    _ prompt: [Int32], _ options: GenerationOptions, _ onToken: TokenCallback?
  ) throws(SVFTError) -> Generation {
    try model.check([prompt], options)
    let lane = try model.lanes(options.adapters, prompts: 1)[0]
    dropStaleRows()
    if lane != self.lane { (self.lane, rows) = (lane, 0) }
    try readRows(lane)
    var generator = try Generator(model, prompts: [prompt], options, context: contextLength)
    let serves = model.network.geometry.serves(rowsOf: rowLength, in: prompt.count)
    let kept =
      serves ? zip(text.prefix(rows), prompt.dropLast()).prefix { $0 == $1 }.count : 0
    generator.begin(with: kept, of: rowLength)
    let size = size(of: generator)
    let alternatives = size.alternatives { (size, network) throws(SVFTError) in
      _ = try self.prepare(size, network)
    }
    try model.network.foresee("generation", or: alternatives) { (network) throws(SVFTError) in
      _ = try self.prepare(size, network)
    }
    let room = try prepare(size, model.network)
    if let cache { try room.cache.copyRows(kept, of: 0, in: cache, to: 0) }
    cache = room.cache
    defer { (text, rows, rowLength) = generator.held }
    return try generator.run(room, onToken)[0]
  }

  /// What a generation takes, in whole groups of rows.
  private func size(of generator: Generator) -> Generator.Size {
    var size = generator.size
    size.context = wholeGroups(size.context)
    return size
  }

  private func wholeGroups(_ tokens: Int) -> Int {
    min(contextLength, max(1, (tokens + Self.group - 1) / Self.group) * Self.group)
  }

  /// The pass of a generation, and the cache there is, or a larger one.
  private func prepare(
    _ size: Generator.Size, _ network: Network
  ) throws(SVFTError) -> Generator.Room {
    let pass = try size.pass(network)
    if let cache, cache.context >= size.context { return Generator.Room(pass: pass, cache: cache) }
    return try Generator.Room(pass: pass, cache: size.cache(network))
  }

  /// Rows of a model that has changed since are none.
  private func dropStaleRows() {
    guard revision != model.network.revision else { return }
    revision = model.network.revision
    (lane, rows) = (nil, 0)
  }
}

extension Session {
  /// Tokens, rows computed for them, and how many there may be, as JSON.
  public func describe() throws(SVFTError) -> String {
    try model.gate.exclusively { () throws(SVFTError) in
      dropStaleRows()
      return try JSON.object(
        JSON.Object([
          ("tokens", .integer(text.count)), ("computed_tokens", .integer(rows)),
          ("context_length", .integer(contextLength)),
        ])
      ).text(.pretty)
    }
  }

  /// Writes tokens and rows into one file, whole or not at all. Rows are left out where they were
  /// computed for a longer text than they are: their number does not tell then how they were
  /// rotated. Throws `.io`, `.noSpace`; `.state` where an attached adapter has yet to see data,
  /// `.invalidArgument` for a file of the model.
  public func save(to path: String) throws(SVFTError) {
    try model.gate.exclusively { () throws(SVFTError) in
      try model.requireForeign(file: path)
      dropStaleRows()
      let cache = try existingCache()
      let serves = model.network.geometry.serves(rowsOf: rowLength, in: rows)
      try SessionFile.write(
        path, text, rows: serves ? rows : 0, of: cache,
        try model.sessionIdentity(cache.format, lane))
    }
  }

  /// The cache there is, or the smallest: a text without rows is saved as one with none.
  private func existingCache() throws(SVFTError) -> KVCache {
    if let cache { return cache }
    return try model.network.cache(slots: 1, context: 1)
  }

  /// Takes what a file holds; the caller holds the gate. Rows with other adapters than the model
  /// has now wait for the next call, which may bring the text's own; else the text alone is kept.
  func restore(from path: String) throws(SVFTError) {
    let file = try SessionFile(path, access: model.options.copiesFile ? .copied : .mapped)
    try file.require(model.modelIdentity())
    let tokens = try file.tokens(vocabulary: model.vocabularySize, context: contextLength)
    let context = wholeGroups(tokens.count)
    try model.network.foresee("restoring a session") { (network) throws(SVFTError) in
      _ = try network.cache(slots: 1, context: context)
    }
    let cache = try model.network.cache(slots: 1, context: context)
    (text, self.cache) = (tokens, cache)
    let found = try file.rows(into: cache, try model.sessionIdentity(cache.format))
    unread = found == nil ? file : nil
    (rows, rowLength) = (found ?? 0, found)
  }

  /// Takes the rows of a restored text that had an adapter of its own, where this call's is that
  /// one; the file is not kept for later calls.
  private func readRows(_ lane: Lane?) throws(SVFTError) {
    guard let file = unread, let cache else { return }
    unread = nil
    let found = try file.rows(into: cache, try model.sessionIdentity(cache.format, lane))
    if found == nil { Log.note(file.foreignRows) }
    (rows, rowLength) = (found ?? 0, found)
  }
}

/// Options of a session.
public struct SessionOptions: Sendable {
  /// Tokens of the text at most; 0 is the model's own context.
  public var contextLength = 0

  /// The defaults.
  public init() {}

  /// Options from a JSON object: "context_length". Throws `.invalidArgument`.
  public init(json text: String) throws(SVFTError) {
    let object = try AdapterOptions.argument { () throws(SVFTError) in
      let object = try JSON.parse(text).root("session options")
      try object.refuseKeys(otherThan: ["context_length"])
      return object
    }
    contextLength = try AdapterOptions.argument { () throws(SVFTError) in
      try object.int("context_length", default: 0)
    }
  }

  /// The most tokens meant, on a model with a context of `own`. Throws `.invalidArgument`.
  func resolvedContext(of own: Int) throws(SVFTError) -> Int {
    let length = try Checked.within(contextLength, 0...own, "context_length")
    return length == 0 ? own : length
  }
}

extension Model {
  /// A session without text. Throws `.unsupported` for a model that predicts no tokens.
  public func session(
    _ options: SessionOptions = SessionOptions()
  ) throws(SVFTError) -> Session {
    try gate.exclusively { () throws(SVFTError) in try Session(self, options) }
  }

  /// The session that a file holds. Where other adapters are attached than when it was saved, or
  /// precision or the format of cached keys is another, rows are computed again when they are
  /// needed; those of a text with an adapter of its own serve if the next call names that adapter.
  ///
  /// Throws `.io`, `.format`, `.truncated`, `.mismatch` (another model or version), `.limit` for a
  /// text beyond the context, `.memory`.
  public func session(
    restoring path: String, _ options: SessionOptions = SessionOptions()
  ) throws(SVFTError) -> Session {
    try gate.exclusively { () throws(SVFTError) in
      let session = try Session(self, options)
      try session.restore(from: path)
      return session
    }
  }
}
