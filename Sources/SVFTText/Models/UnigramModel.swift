// Unigram (Kudo 2018): of all ways to write a word in tokens the one with the greatest sum of
// scores, which are logarithms of probabilities, found front to back (Viterbi):
//
//   best(end) = max over tokens that end there of best(start) + score(token)
//
// A character that is no token costs 10 more than the worst token. Neighbouring ones are one
// unknown token, or their bytes where the vocabulary has tokens for bytes.
import SVFTFormats
import SVFTTensor

/// The unigram encoder for one vocabulary.
struct UnigramModel: TokenModel {
  /// The choices that vocabularies differ in.
  struct Options: Sendable {
    /// The token for what nothing else can express; without it such text is dropped.
    var unknown: Int32?
    /// The 256 tokens that stand for single bytes.
    var byteTokens: [Int32]?
    /// Each character that is no token goes to bytes on its own, as SentencePiece does it; else
    /// what lies between two tokens goes as one, and may be a token as a whole.
    var splitsUnknown = false
  }

  private static let penalty = 10.0
  private static let longestCached = 48

  private let pieces: PieceTable
  private let order: PieceOrder
  /// By id.
  let scores: [Double]
  private let unknownScore: Double
  private let options: Options

  /// Takes one finite score per token; `isMatched` says which are found in text, `worst` what the
  /// least probable of them has. Throws `.format` otherwise.
  init(
    _ pieces: PieceTable, _ scores: [Double], _ options: Options,
    where isMatched: (Int) -> Bool = { _ in true }, worst: Double? = nil
  ) throws(SVFTError) {
    guard scores.count == pieces.count else {
      throw SVFTError(
        .format, "scores: expected one for each of \(pieces.count) tokens, found \(scores.count)")
    }
    for (id, score) in scores.enumerated() where !(abs(score) <= 1e30) {
      throw SVFTError(.format, "score of token \(id): expected a finite number, found \(score)")
    }
    self.pieces = pieces
    self.scores = scores
    self.options = options
    order = PieceOrder(pieces, where: isMatched)
    unknownScore = (worst ?? scores.min() ?? 0) - Self.penalty
  }

  /// The best way to write the text up to one place.
  private struct Step {
    var score = -Double.infinity
    /// The last token of it, -1 for a character that is none.
    var token: Int32 = -1
    var start = -1
  }

  func encode(_ words: Words, into ids: inout [Int32]) {
    var steps: [Step] = []
    var cache = WordCache(bytes: words.text.count)
    for word in words.ranges {
      if word.count > Self.longestCached {
        encode(words.text, word, &steps, into: &ids)
      } else if !cache.recall(words.text, word, into: &ids) {
        let before = ids.count
        encode(words.text, word, &steps, into: &ids)
        cache.keep(words.text, word, ids[before...])
      }
    }
  }

  private func encode(
    _ text: [UInt8], _ word: Range<Int>, _ steps: inout [Step], into ids: inout [Int32]
  ) {
    steps.removeAll(keepingCapacity: true)
    steps.append(contentsOf: repeatElement(Step(), count: word.count + 1))
    steps[0].score = 0
    text.forEachUnit(in: word) { index, unit in
      let here = index - word.lowerBound
      let score = steps[here].score
      var isToken = false
      order.forEachPrefix(text, index, word.upperBound) { token, end in
        let sum = score + scores[Int(token)]
        if steps[end - word.lowerBound].score < sum {
          steps[end - word.lowerBound] = Step(score: sum, token: token, start: here)
        }
        isToken = isToken || end == index + unit.length
      }
      let next = here + unit.length
      if !isToken, steps[next].score < score + unknownScore {
        steps[next] = Step(score: score + unknownScore, token: -1, start: here)
      }
    }
    write(text, word, steps, into: &ids)
  }

  /// The tokens of the best way, from its end.
  private func write(
    _ text: [UInt8], _ word: Range<Int>, _ steps: [Step], into ids: inout [Int32]
  ) {
    var way: [(token: Int32, range: Range<Int>)] = []
    var end = word.count
    while end > 0, steps[end].start >= 0 {
      let step = steps[end]
      let range = word.lowerBound + step.start..<word.lowerBound + end
      let isUnknown = step.token < 0 || step.token == options.unknown
      if isUnknown, !options.splitsUnknown, let last = way.last, last.token < 0 {
        way[way.count - 1].range = range.lowerBound..<last.range.upperBound
      } else {
        way.append((isUnknown ? -1 : step.token, range))
      }
      end = step.start
    }
    var isAfterUnknown = false
    for (token, range) in way.reversed() {
      if token >= 0 {
        ids.append(token)
      } else if !options.splitsUnknown, let whole = pieces.find(text, range) {
        ids.append(whole)
      } else if let bytes = bytes(text, range) {
        ids.append(contentsOf: bytes)
      } else if let unknown = options.unknown, !isAfterUnknown {
        ids.append(unknown)
        isAfterUnknown = true
        continue
      }
      isAfterUnknown = isAfterUnknown && token < 0
    }
  }

  private func bytes(_ text: [UInt8], _ range: Range<Int>) -> [Int32]? {
    guard let tokens = options.byteTokens else { return nil }
    let ids = range.map { tokens[Int(text[$0])] }
    return ids.contains { $0 < 0 } ? nil : ids
  }
}

extension UnigramModel {
  /// Reads the "Unigram" model of tokenizer.json, whose vocabulary is a list of pieces and scores.
  static func build(_ description: ModelDescription) throws(SVFTError) -> BuiltModel {
    let json = description.json
    let list = try json.array("vocab")
    let pieces = try PieceTable(
      description.pieces.enumerated().map { $0 < list.count ? $1 : nil })
    var scores: [Double] = []
    for (id, entry) in list.enumerated() {
      let place = "\(json.path).vocab[\(id)]"
      scores.append(try entry.array(place)[1].double(place))
    }
    let worst = scores.min()
    scores += [Double](repeating: 0, count: pieces.count - scores.count)
    var options = Options()
    if json.has("unk_id") {
      let id = try TokenID.checked(try json.int("unk_id"), json.place("unk_id"))
      guard id < list.count else {
        throw SVFTError(
          .format, "\(json.place("unk_id")): expected an id below \(list.count), found \(id)")
      }
      options.unknown = id
    }
    if try json.bool("byte_fallback", default: false) {
      options.byteTokens = ByteFallback.tokens(pieces)
    }
    let model = try UnigramModel(pieces, scores, options, where: { $0 < list.count }, worst: worst)
    return BuiltModel(model: model, unknown: options.unknown, kind: .t5)
  }

  /// The pieces of a vocabulary in a list, by id.
  static func listed(_ list: [JSON], _ place: String) throws(SVFTError) -> [[UInt8]?] {
    var pieces: [[UInt8]?] = []
    for (id, entry) in list.enumerated() {
      let pair = try entry.array("\(place)[\(id)]")
      guard pair.count == 2 else {
        throw SVFTError(
          .format, "\(place)[\(id)]: expected a token and its score, found \(pair.count) values")
      }
      pieces.append(Array(try pair[0].string("\(place)[\(id)]").utf8))
    }
    return pieces
  }
}
