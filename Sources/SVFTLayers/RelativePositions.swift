// Tables of relative positions: a row for each signed distance from a token to another, or for each
// bucket of distances, the middle row for none.
//
//   row(δ) = span + m(δ) for δ ≥ 0, at most 2 · span − 1      span − m(−δ) before, at least 0
//   m(n) = n                                                              without buckets
//   m(n) = n up to h = span / 2,
//          ⌈ln(n / h) / ln((farthest − 1) / h) · (h − 1)⌉ + h beyond      with them (DeBERTa v2)
//
// as transformers rounds it, in F32. A step needs no more rows than its longest sequence reaches.
import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Which row of a table belongs to which distance.
package struct RelativePositions: Sendable, Hashable {
  /// Half the rows of the table.
  package let span: Int
  /// The distance up to which buckets are made; nil where each distance has a row.
  package let farthest: Int?
  /// How many rows from the middle distances lie, up to the first that lies at the span; empty
  /// where each has a row.
  private let magnitudes: [Int32]
  private static let tableLength = 1 << 16

  /// `farthest` must be beyond half the span by more than one where there is one.
  package init(span: Int, bucketsTo farthest: Int? = nil) {
    self.span = span
    self.farthest = farthest
    var magnitudes: [Int32] = []
    while let farthest, magnitudes.last ?? 0 < span, magnitudes.count < Self.tableLength {
      magnitudes.append(Self.bucket(magnitudes.count, span: span, farthest: farthest))
    }
    self.magnitudes = magnitudes
  }

  /// How many rows from the middle the bucket of a distance lies, the span at most.
  private static func bucket(_ distance: Int, span: Int, farthest: Int) -> Int32 {
    let half = span / 2
    guard distance > half, half > 0 else { return Int32(clamping: min(distance, span)) }
    let whole = logf(Float(Double(farthest - 1) / Double(half)))
    let share = logf(Float(distance) / Float(half)) / whole
    let beyond = (share * Float(half - 1)).rounded(.up)
    return beyond < Float(span)
      ? Int32(clamping: min(span, Int(beyond) + half)) : Int32(clamping: span)
  }

  private func magnitude(_ distance: Int) -> Int {
    guard let farthest else { return min(distance, span) }
    if distance < magnitudes.count { return Int(magnitudes[distance]) }
    // Few buckets over great distances.
    guard magnitudes.last ?? 0 < span else { return span }
    return Int(Self.bucket(distance, span: span, farthest: farthest))
  }

  package static func == (a: RelativePositions, b: RelativePositions) -> Bool {
    a.span == b.span && a.farthest == b.farthest
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(span)
    hasher.combine(farthest)
  }

  /// The row of a signed distance.
  package func row(_ distance: Int) -> Int {
    distance < 0
      ? span - magnitude(-distance) : min(2 * span - 1, span + magnitude(distance))
  }

  /// The rows that sequences of up to `count` tokens reach.
  package func rows(reachedBy count: Int) -> Range<Int> {
    row(1 - max(1, count))..<row(max(1, count) - 1) + 1
  }
}

extension RelativePositions {
  /// The rows of the table that a step reaches.
  package func rows(in batch: Batch) -> Range<Int> {
    rows(reachedBy: batch.spans.reduce(1) { max($0, $1.count) })
  }
}
