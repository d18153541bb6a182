// A rendered conversation as tokens. Control tokens are found where the template itself spells
// them, and nowhere in what came from messages; the text between two is tokenised as one.
package import SVFTTensor

/// A part of a rendered conversation: one control token, or the text up to the next.
package struct RenderedPart: Sendable, Equatable {
  /// Its bytes in the rendering.
  package let range: Range<Int>
  /// Its tokens.
  package let ids: [Int32]
  /// Whether it is a token that was sought in the text.
  package let isToken: Bool
}

extension Tokenizer {
  /// The parts of a rendering, in order. In what the template did not spell, neither control tokens
  /// are found nor the `guarded` ones, which a vocabulary does not call control tokens although
  /// they end turns.
  package func parts(
    of rendering: Rendering, guarded: Set<Int32>
  ) throws(SVFTError) -> [RenderedPart] {
    try checkLength(rendering.bytes)
    let own = rendering.stretches.filter { $0.origin == 0 }.map(\.range)
    let found = matchers[1].parts(rendering.bytes) { token, range in
      !(token.isSpecial || guarded.contains(token.id)) || own.holds(range)
    }
    var parts: [RenderedPart] = []
    for part in found {
      switch part {
      case .token(let id, let range):
        parts.append(RenderedPart(range: range, ids: [id], isToken: true))
      case .text(let range):
        let ids = try ids(rendering.bytes, range, guarded)
        parts.append(RenderedPart(range: range, ids: ids, isToken: false))
      }
    }
    return parts
  }

  /// Which tokens of `parts` print bytes of `spans`; a token across a border counts.
  package func marks(
    _ parts: [RenderedPart], of rendering: Rendering, in spans: [Range<Int>],
    guarded: Set<Int32>
  ) throws(SVFTError) -> [Bool] {
    var marks: [Bool] = []
    for part in parts {
      var mine = [Bool](repeating: false, count: part.ids.count)
      for span in spans where span.overlaps(part.range) {
        let inner = span.clamped(to: part.range)
        let start = try border(at: inner.lowerBound, part, rendering, guarded).shared
        let end = try border(at: inner.upperBound, part, rendering, guarded)
        for index in start..<max(start, end.isClean ? end.shared : end.shared + 1)
        where index < mine.count {
          mine[index] = true
        }
      }
      marks += mine
    }
    return marks
  }

  /// How many tokens of a part lie before a byte, and whether one ends there.
  private func border(
    at byte: Int, _ part: RenderedPart, _ rendering: Rendering, _ guarded: Set<Int32>
  ) throws(SVFTError) -> (shared: Int, isClean: Bool) {
    if byte == part.range.lowerBound { return (0, true) }
    if byte == part.range.upperBound { return (part.ids.count, true) }
    let before = try ids(rendering.bytes, part.range.lowerBound..<byte, guarded)
    let shared = zip(before, part.ids).prefix { $0 == $1 }.count
    return (shared, shared == before.count)
  }

  private func ids(
    _ text: [UInt8], _ range: Range<Int>, _ guarded: Set<Int32>
  ) throws(SVFTError) -> [Int32] {
    let isFirst = range.lowerBound == 0
    var ids: [Int32] = []
    try encode(Array(text[range]), .literal, isFirst: isFirst, into: &ids)
    guard ids.contains(where: guarded.contains) else { return ids }
    ids = []
    try encode(Array(text[range]), .nothing, isFirst: isFirst, into: &ids)
    return ids
  }
}

extension [Range<Int>] {
  /// Whether one of these ranges, which are in order, holds another.
  fileprivate func holds(_ range: Range<Int>) -> Bool {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle].upperBound < range.upperBound { low = middle + 1 } else { high = middle }
    }
    return low < count && self[low].lowerBound <= range.lowerBound
  }
}
