// Which neighbours byte-pair encoding may join, and in what order: by the rank of the pair (a list of
// merges, as in tokenizer.json and byte-level GGUF) or by the score of the joined text (SentencePiece, GGUF
// "llama").
//
// Lower rank goes first; equal ranks go left to right.
import SVFTTensor

/// One possible join: its place in the order and the id it makes.
struct Merge {
  let rank: UInt32
  let joined: Int32
}

/// The rule by which neighbours are joined.
protocol MergeRule: Sendable {
  /// The join of two neighbouring symbols whose bytes together are `text[range]`, or nil.
  func merge(_ left: Int32, _ right: Int32, _ text: [UInt8], _ range: Range<Int>) -> Merge?
}

/// Joins the pairs of a list, earlier ones first.
struct RankedMerges: MergeRule {
  private var table: PairTable

  /// Takes pairs in order of rank. Throws `.format` for a repeated one.
  init(_ merges: [MergePair]) throws(SVFTError) {
    let count = try Checked.within(merges.count, 0...(1 << 30), "merges", kind: .limit)
    table = PairTable(capacity: count)
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
  private let pieces: PieceTable
  private let ranks: [UInt32]

  /// Takes one finite score per token. Throws `.format` otherwise.
  init(_ scores: [Float], of pieces: PieceTable) throws(SVFTError) {
    guard scores.count == pieces.count else {
      throw SVFTError(
        .format, "scores: expected one for each of \(pieces.count) tokens, found \(scores.count)")
    }
    var ranks: [UInt32] = []
    ranks.reserveCapacity(scores.count)
    for (id, score) in scores.enumerated() {
      guard score.isFinite else {
        throw SVFTError(.format, "score of token \(id): expected a finite number, found \(score)")
      }
      // The bits of a float, made to sort as unsigned integers with the highest score first.
      let bits = (score + 0).bitPattern
      ranks.append(bits & 0x8000_0000 != 0 ? bits : ~bits & 0x7FFF_FFFF)
    }
    self.pieces = pieces
    self.ranks = ranks
  }

  func merge(_ left: Int32, _ right: Int32, _ text: [UInt8], _ range: Range<Int>) -> Merge? {
    guard let joined = pieces.find(text, range) else { return nil }
    return Merge(rank: ranks[Int(joined)], joined: joined)
  }
}
