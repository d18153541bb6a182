// The text of one stretch between added tokens, on its way from normaliser to model: bytes, and
// the parts of them that the model takes one at a time.

/// A text and the words found in it so far.
struct Words: Sendable {
  /// The bytes, usually UTF-8.
  var text: [UInt8]
  /// The words, in order, without overlap.
  var ranges: [Range<Int>]
  /// Whether this stretch is the beginning of the whole input.
  let isFirst: Bool

  /// One word that is the whole text.
  init(_ text: [UInt8], isFirst: Bool = true) {
    self.text = text
    self.isFirst = isFirst
    ranges = text.isEmpty ? [] : [0..<text.count]
  }

  /// Cuts each word at the ends that `end` gives for successive starts; `end(start, limit)` lies
  /// above its start.
  mutating func cut(_ end: ([UInt8], Int, Int) -> Int) {
    var parts: [Range<Int>] = []
    parts.reserveCapacity(ranges.count)
    for range in ranges {
      var start = range.lowerBound
      while start < range.upperBound {
        let next = min(max(end(text, start, range.upperBound), start + 1), range.upperBound)
        parts.append(start..<next)
        start = next
      }
    }
    ranges = parts
  }

  /// Puts each word through `change`; the words then lie one behind the other.
  mutating func rewrite(_ change: (ArraySlice<UInt8>, inout [UInt8]) -> Void) {
    var output: [UInt8] = []
    output.reserveCapacity(text.count + ranges.count)
    var moved: [Range<Int>] = []
    moved.reserveCapacity(ranges.count)
    for range in ranges {
      let start = output.count
      change(text[range], &output)
      if output.count > start { moved.append(start..<output.count) }
    }
    text = output
    ranges = moved
  }
}
