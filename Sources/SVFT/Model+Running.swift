// What a model does: logits, text, vectors, classes.
import SVFTLayers
import SVFTModels
public import SVFTTensor
import SVFTText

/// What a class or score head said of one text.
public struct Classification: Sendable, Equatable {
  /// The most probable class, whether it holds or not; nil where the head gives a score.
  public let label: String?
  /// The probability of that class; of words the mean of theirs; or the score as the head gives it,
  /// a reranker's logit and not its sigmoid.
  public let score: Double
  /// The probability of every class, in the head's order; empty for a score. Where several may
  /// hold, that of each by itself.
  public let scores: [(label: String, probability: Double)]
  /// The classes that hold, of a probability over one half; nil where one class holds.
  public var labels: [String]?
  /// The words with a class each; nil where the head reads texts as a whole.
  public var words: [TaggedWord]?

  /// Equal labels and numbers.
  public static func == (a: Classification, b: Classification) -> Bool {
    a.label == b.label && a.score == b.score && a.scores.elementsEqual(b.scores, by: ==)
      && a.words == b.words && a.labels == b.labels
  }
}

extension Model {
  /// Logits of every position, [ids.count, vocabularySize] row by row. An encoder-decoder reads the
  /// ids and is given them once more, one position later, behind its start token; where -1 stands
  /// between two texts, it reads the first, is given the second as it stands, and that alone has
  /// rows.
  ///
  /// Throws `.invalidArgument` for unknown ids, `.limit` beyond the context, `.nonFinite`.
  public func logits(_ ids: [Int32]) throws(SVFTError) -> [Float] {
    try gate.exclusively { () throws(SVFTError) in
      let sequence = probed(ids)
      for part in [sequence.source, sequence.ids] {
        try network.check(part)
        try checkLength(part.count, "the sequence")
      }
      guard sequence.ids.isEmpty || network.geometry.startToken == nil || !sequence.source.isEmpty
      else {
        throw SVFTError(
          .invalidArgument, "expected at least one id to be read before -1, found none")
      }
      return try sequenceLogits(sequence)
    }
  }

  /// What the model makes of ids: of -1 as a border where it reads another text first.
  func probed(_ ids: [Int32]) -> Example {
    guard network.geometry.startToken != nil, let border = ids.firstIndex(of: -1) else {
      return Example(ids: ids).repeated(from: network.geometry.startToken)
    }
    var example = Example(ids: Array(ids[(border + 1)...]))
    example.source = Array(ids[..<border])
    return example
  }

  /// Logits of checked ids; the caller holds the gate.
  func sequenceLogits(_ sequence: Example) throws(SVFTError) -> [Float] {
    let ids = sequence.ids
    let chunk = min(max(1, ids.count), 256)
    let pass = try network.pass(
      .language,
      capacity: Pass.Capacity(
        rows: max(1, ids.count), sequences: 1, headRows: chunk,
        sourceRows: sequence.source.count))
    pass.batch.clear()
    try pass.append(sequence)
    try pass.forwardBody()
    var result: [Float] = []
    result.reserveCapacity(try Checked.product(ids.count, vocabularySize, "the logits"))
    for first in stride(from: 0, to: ids.count, by: chunk) {
      try gate.checkCancelled("computing logits")
      let rows = Array(first..<min(ids.count, first + chunk))
      let logits = try pass.forwardHead(rows: rows)
      try Pass.requireFinite(logits, rows: rows.count, width: vocabularySize) {
        "logits of token \(first + $0)"
      }
      result.append(
        contentsOf: UnsafeBufferPointer(start: logits, count: rows.count * vocabularySize))
    }
    return result
  }

  /// Continues prompts, all in one batch, each with an adapter of its own where the options name
  /// one. Throws `.unsupported` for a model that predicts no tokens and for adapters that cannot
  /// act on one prompt alone, `.state` for those that act on all or are detached, `.mismatch` for
  /// those of another model, `.limit` for prompts beyond the context, `.cancelled`, `.nonFinite`.
  public func generate(
    _ prompts: [String], _ options: GenerationOptions = GenerationOptions(),
    onToken: TokenCallback? = nil
  ) throws(SVFTError) -> [Generation] {
    var encoded: [[Int32]] = []
    for prompt in prompts { encoded.append(try promptTokens(prompt, options)) }
    return try generate(tokens: encoded, options, onToken: onToken)
  }

  /// Continues prompts that are tokens already, those of a conversation for instance. Throws what
  /// `generate` of texts does, and `.invalidArgument` for ids outside the vocabulary.
  public func generate(
    tokens prompts: [[Int32]], _ options: GenerationOptions = GenerationOptions(),
    onToken: TokenCallback? = nil
  ) throws(SVFTError) -> [Generation] {
    try gate.exclusively { () throws(SVFTError) in
      try check(prompts, options)
      guard !prompts.isEmpty else { return [] }
      var generator = try Generator(self, prompts: prompts, options, context: contextLength)
      return try generator.run(onToken)
    }
  }

  /// Throws what is wrong with prompts and options, whatever they are continued in; the caller
  /// holds the gate.
  func check(_ prompts: [[Int32]], _ options: GenerationOptions) throws(SVFTError) {
    try options.validate(vocabulary: vocabularySize)
    for prompt in prompts { try network.check(prompt) }
    try requireGenerates()
    _ = try lanes(options.adapters, prompts: prompts.count)
  }

  /// Throws `.unsupported` for a model that predicts no tokens.
  func requireGenerates() throws(SVFTError) {
    guard network.geometry.isCausal, network.heads.language != nil else {
      throw SVFTError(
        .unsupported, "expected a model that generates text, found an encoder: \(path)")
    }
  }

  /// The ids of a text that is a prompt; an empty one is the token that begins a text.
  func promptTokens(_ text: String, _ options: GenerationOptions) throws(SVFTError) -> [Int32] {
    let ids = try tokenizer.encode(text, addSpecial: true, parseSpecial: options.parsesSpecial)
    return ids.isEmpty ? [try tokenizer.special.bos].compactMap { $0 } : ids
  }

  /// One vector per text or picture, pooled and normalised as the model's files say; the prompt
  /// that they have for every text is put before it. [texts.count, embeddingWidth]
  ///
  /// Throws `.invalidArgument` for a text without tokens, what reading a picture throws,
  /// `.nonFinite`, `.cancelled`.
  public func embed(_ texts: [String]) throws(SVFTError) -> [[Float]] {
    try gate.exclusively { () throws(SVFTError) in
      let head = network.heads.embedding
      let texts = network.geometry.grid == nil ? texts.map(head.prepared) : texts
      return try pooled(.embedding, inputs(texts, limit: head.maximumTokens))
    }
  }

  /// What the class or score head says of texts, of pairs of texts, or of pictures: for a model of
  /// images each text is the path of a picture file, or a data URI with the contents of one; of
  /// words, where every token has a class.
  ///
  /// Throws `.unsupported` without such a head, `.invalidArgument` for a text without tokens, what
  /// reading a picture throws, `.limit` for words beyond the context, `.nonFinite`, `.cancelled`.
  public func classify(
    _ texts: [String], pairs: [String?] = []
  ) throws(SVFTError) -> [Classification] {
    try gate.exclusively { () throws(SVFTError) in
      if network.heads.classes?.isPerToken == true { return try tag(texts, pairs: pairs) }
      let inputs = try inputs(texts, pairs: pairs).map {
        $0.repeated(from: network.geometry.startToken)
      }
      return try pooled(network.heads.ofTexts, inputs).map { classification($0) }
    }
  }

  /// The head's output for each input; inputs are packed into steps of bounded size.
  func pooled(_ purpose: Pass.Purpose, _ inputs: [Example]) throws(SVFTError) -> [[Float]] {
    // What is pooled over no token is nothing the model said: zeros, or the head's bias.
    if let empty = inputs.firstIndex(where: { $0.rows == 0 }) {
      throw SVFTError(.invalidArgument, "text \(empty): expected at least one token, found none")
    }
    var results: [[Float]] = []
    let kind = network.geometry.grid == nil ? "text" : "picture"
    let width = network.heads.outputs(purpose, hidden: hiddenWidth)
    for group in Model.packing(inputs) {
      try gate.checkCancelled("encoding")
      let pass = try network.pass(purpose, capacity: group.capacity)
      try pass.fill(inputs[group.range], network.images)
      try pass.forwardBody()
      let outputs = try pass.forwardPooledHead()
      try Pass.requireFinite(outputs, rows: group.range.count, width: width) {
        "outputs of \(kind) \(group.range.lowerBound + $0)"
      }
      for index in group.range.indices {
        let row = index - group.range.lowerBound
        results.append(
          Array(UnsafeBufferPointer(start: outputs + row * width, count: width)))
      }
    }
    return results
  }

  /// Groups of inputs that are computed in one step.
  static func packing(_ inputs: [Example]) -> Packing {
    Packing(inputs, rows: max(512, inputs.map(\.rows).max() ?? 1), sequences: 64)
  }

  private func classification(_ outputs: [Float]) -> Classification {
    let isMultiLabel = network.heads.classes?.isMultiLabel == true
    guard outputs.count > 1 || isMultiLabel else {
      return Classification(label: nil, score: Double(outputs.first ?? .nan), scores: [])
    }
    let probabilities =
      isMultiLabel ? outputs.map { Logit.probability(Double($0)) } : Statistics.softmax(outputs)
    let named = probabilities.enumerated().map { index, probability in
      (label: className(index), probability: probability)
    }
    let best = named.max { $0.probability < $1.probability }
    return Classification(
      label: best?.label, score: best?.probability ?? .nan, scores: named,
      labels: isMultiLabel ? named.filter { $0.probability > 0.5 }.map(\.label) : nil)
  }

  /// The name of a class, or its number where the model has no names.
  func className(_ index: Int) -> String {
    index < classNames.count ? classNames[index] : "\(index)"
  }

  func checkLength(_ count: Int, _ what: String) throws(SVFTError) {
    guard count <= contextLength else {
      throw SVFTError(
        .limit,
        "\(what): expected at most \(contextLength) tokens, the model's context, found \(count)")
    }
  }
}
