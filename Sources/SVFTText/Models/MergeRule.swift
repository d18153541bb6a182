// Which neighbours byte-pair encoding may join, and in what order: by the rank of the pair (a list
// of merges, as in tokenizer.json and byte-level GGUF) or by the score of the joined text
// (SentencePiece, GGUF "llama").
//
// Lower rank goes first; equal ranks go left to right.
import SVFTTensor

/// One possible join: its place in the order and the id it makes.
package struct Merge: Equatable {
  package let rank: UInt32
  package let joined: Int32
}

/// The rule by which neighbours are joined.
protocol MergeRule: Sendable {
  /// The join of two neighbouring symbols whose bytes together are `text[range]`, or nil.
  func merge(_ left: Int32, _ right: Int32, _ text: [UInt8], _ range: Range<Int>) -> Merge?

  /// All ranks lie below this.
  var rankCount: Int { get }

  /// Whether a character that is no token may still become part of one.
  static var joinsUnknown: Bool { get }
}

/// Joins the pairs of a list, earlier ones first.
struct RankedMerges: MergeRule {
  static var joinsUnknown: Bool { false }
  private var table: PairTable
  let rankCount: Int

  /// Takes pairs in order of rank.
  ///
  /// Throws `.format` for a repeated one.
  init(_ merges: [MergePair]) throws(SVFTError) {
    let count = try Checked.within(merges.count, 0...(1 << 30), "merges", kind: .limit)
    table = PairTable(capacity: count)
    rankCount = count
    for (rank, pair) in merges.enumerated() {
      let isNew = table.insert(
        pair.left, pair.right, rank: UInt32(truncatingIfNeeded: rank), joined: pair.joined)
      guard isNew else {
        throw SVFTError(
          .format,
          "merge \(rank): expected a new pair, found tokens \(pair.left) and \(pair.right) again")
      }
    }
  }

  func merge(_ left: Int32, _ right: Int32, _ text: [UInt8], _ range: Range<Int>) -> Merge? {
    table.find(left, right)
  }
}

/// Joins whatever gives a token, higher scores first.
struct ScoredMerges: MergeRule {
  static var joinsUnknown: Bool { true }
  private let pieces: PieceTable
  /// Every way to put a token together from two others, so that joining needs no look at the text.
  private var pairs: PairTable
  private let ranks: [UInt32]
  let rankCount: Int

  /// Takes one finite score per token.
  ///
  /// Throws `.format` otherwise.
  init(_ scores: [Float], of pieces: PieceTable) throws(SVFTError) {
    guard scores.count == pieces.count else {
      throw SVFTError(
        .format, "scores: expected one for each of \(pieces.count) tokens, found \(scores.count)")
    }
    for (id, score) in scores.enumerated() where !score.isFinite {
      throw SVFTError(.format, "score of token \(id): expected a finite number, found \(score)")
    }
    self.pieces = pieces
    ranks = Self.ranks(scores)
    rankCount = scores.count
    let ways = Self.ways(pieces)
    pairs = PairTable(capacity: ways.count)
    for pair in ways {
      _ = pairs.insert(pair.left, pair.right, rank: ranks[Int(pair.joined)], joined: pair.joined)
    }
  }

  /// Scores as ranks: the highest is 0, equal ones are equal.
  private static func ranks(_ scores: [Float]) -> [UInt32] {
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    var ranks = [UInt32](repeating: 0, count: scores.count)
    var rank: UInt32 = 0
    for (place, id) in order.enumerated() {
      if place > 0, scores[order[place - 1]] != scores[id] { rank += 1 }
      ranks[id] = rank
    }
    return ranks
  }

  private static func ways(_ pieces: PieceTable) -> [MergePair] {
    var ways: [MergePair] = []
    for id in 0..<pieces.count {
      let piece = pieces[id]
      guard pieces.find(piece) != nil else { continue }
      for cut in 1..<max(piece.count, 1) {
        guard let left = pieces.find(piece, 0..<cut),
          let right = pieces.find(piece, cut..<piece.count)
        else { continue }
        let joined = Int32(truncatingIfNeeded: id)
        ways.append(MergePair(left: left, right: right, joined: joined))
      }
    }
    return ways
  }

  func merge(_ left: Int32, _ right: Int32, _ text: [UInt8], _ range: Range<Int>) -> Merge? {
    if left >= 0, right >= 0 { return pairs.find(left, right) }
    // A character that is no token itself may still be part of one.
    guard let joined = pieces.find(text, range) else { return nil }
    return Merge(rank: ranks[Int(joined)], joined: joined)
  }
}
