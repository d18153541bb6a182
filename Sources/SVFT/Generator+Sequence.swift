// One sequence of a batch: its tokens so far, what of them the cache has, and how the next token is
// chosen, shown and ended at.
import SVFTLayers
import SVFTModels
import SVFTTensor
import SVFTText

extension Generator {
  /// One prompt on its way.
  struct Sequence {
    /// The caller's number.
    let index: Int
    /// The adapter that acts on it alone.
    let lane: Lane?
    /// What the model reads before it begins: the caller's prompt, where it is an encoder-decoder.
    let source: [Int32]
    /// Whether a step has brought the source.
    var isRead = false
    /// What is continued.
    let prompt: [Int32]
    let limit: Int
    /// Tokens whose rows the cache holds.
    private(set) var cached = 0
    /// Tokens that were known when those rows were computed; nil for several numbers that rotate
    /// differently.
    private(set) var rowLength: Int?
    /// Tokens of the prompt whose rows it did not compute.
    private var reused = 0
    /// Rows that it takes from another sequence as soon as that one has them.
    var beginning: (donor: Int, rows: Int)?
    var ending: Generation.Ending?
    private var history: [Int32]
    private var sampler: Sampler
    private var decoder: StreamDecoder
    private var stops: StopMatcher
    private var shown: [UInt8] = []
    private let ends: Set<Int32>
    /// Logits from here on belong to no token.
    private let vocabulary: Int

    init(
      index: Int, _ texts: (source: [Int32], prompt: [Int32]), limit: Int,
      options: GenerationOptions, tokenizer: Tokenizer, ends: Set<Int32>, lane: Lane?
    ) {
      self.index = index
      self.lane = lane
      (source, prompt) = texts
      self.limit = limit
      history = prompt
      vocabulary = tokenizer.meaningful.below
      sampler = Sampler(options, sequence: index, barred: tokenizer.meaningful.except)
      decoder = StreamDecoder(tokenizer, continuing: source.isEmpty)
      stops = StopMatcher(options.stopStrings)
      self.ends = ends
    }

    /// Begins with rows that the cache has; at least one token must be left to compute.
    mutating func take(_ rows: Int, of length: Int?) {
      cached = rows
      reused = rows
      rowLength = length
      beginning = nil
    }

    /// Forgets its rows where they are not those of what it has become.
    mutating func restartIfRotated(_ geometry: Geometry) {
      guard cached > 0, geometry.restarts(rowsOf: rowLength, at: length) else { return }
      take(0, of: nil)
    }

    /// Counts rows that a step has computed; where no token is wanted, the last ends the sequence.
    mutating func noteComputed(_ rows: Int, _ geometry: Geometry) {
      if cached == 0 {
        rowLength = length
      } else if !geometry.serves(rowsOf: rowLength, in: length) {
        rowLength = nil
      }
      cached += rows
      if limit == 0, pending.isEmpty { ending = .length }
    }

    /// Prompt and what was generated, without an end token: nobody is shown one.
    var text: [Int32] {
      ending == .endToken && history.count > prompt.count ? history.dropLast() : history
    }

    /// Tokens that are known.
    var length: Int { history.count }

    /// Tokens not yet in the cache.
    var pending: ArraySlice<Int32> { history[cached...] }

    /// Chooses the next token. Returns it and the text that may be shown now.
    mutating func advance(
      _ logits: UnsafeBufferPointer<Float>
    ) throws(SVFTError) -> (Int32, String) {
      let choices = UnsafeBufferPointer(rebasing: logits.prefix(vocabulary))
      let token = try sampler.next(choices, history: history)
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
        ending: ending ?? .length, promptTokens: source.isEmpty ? prompt.count : source.count,
        reusedTokens: reused)
    }
  }
}
