// Expressions of one class of characters, as "Split" stages of DeepSeek's tokenizers have them:
//
//   \s? class +      class: [ranges written out], \p{L}, \p{N} or \p{P};  + or {1,3} or once
//
// and "\s+$", space at the end. They are read here, not run: a match is found in one pass, and what
// is written otherwise is no expression of these.

/// One such expression.
struct ClassRun: Sendable {
  /// The characters that count.
  private enum Members: Sendable {
    case listed([ClosedRange<UInt32>])
    case letters, numbers, marks
  }

  /// As it is written.
  let expression: String
  private let takesSpace: Bool
  private let members: Members
  private let most: Int
  private let isAtEnd: Bool

  /// Longer expressions are none of these.
  private static let longest = 4096

  /// Nil for an expression of another form.
  init?(_ expression: String) {
    guard expression.utf8.count <= Self.longest else { return nil }
    self.expression = expression
    var rest = Substring(expression)
    isAtEnd = rest == #"\s+$"#
    guard !isAtEnd else {
      (takesSpace, members, most) = (false, .marks, .max)
      return
    }
    takesSpace = rest.hasPrefix(#"\s?"#)
    if takesSpace { rest = rest.dropFirst(3) }
    let counts: [String: Int] = ["": 1, "+": .max, "{1,3}": 3]
    if rest.hasPrefix("[") {
      guard let end = rest.unicodeScalars.lastIndex(of: "]"),
        let listed = Self.ranges(rest.unicodeScalars[..<end].dropFirst()),
        let count = counts[String(rest.unicodeScalars[end...].dropFirst())]
      else { return nil }
      (members, most) = (.listed(listed), count)
    } else {
      let kinds: [(String, Members)] = [
        (#"\p{L}"#, .letters), (#"\p{N}"#, .numbers), (#"\p{P}"#, .marks),
      ]
      guard let kind = kinds.first(where: { rest.hasPrefix($0.0) }),
        let count = counts[String(rest.dropFirst(5))]
      else { return nil }
      (members, most) = (kind.1, count)
    }
  }

  /// Characters and ranges a-b; nil where one of them means something else in an expression.
  private static func ranges(
    _ text: some Collection<Unicode.Scalar>
  ) -> [ClosedRange<UInt32>]? {
    let scalars = Array(text)
    var ranges: [ClosedRange<UInt32>] = []
    var index = 0
    while index < scalars.count {
      let first = scalars[index]
      guard !["\\", "^", "[", "]", "&"].contains(first) else { return nil }
      let isRange = index + 2 < scalars.count && scalars[index + 1] == "-"
      let last = isRange ? scalars[index + 2] : first
      guard first.value <= last.value, last != "\\" else { return nil }
      ranges.append(first.value...last.value)
      index += isRange ? 3 : 1
    }
    return ranges.isEmpty ? nil : ranges
  }

  /// The matches in one word, in order.
  func matches(_ text: [UInt8], _ word: Range<Int>) -> [Range<Int>] {
    if isAtEnd { return [spaceAtEnd(text, word)].filter { !$0.isEmpty } }
    var matches: [Range<Int>] = []
    var index = word.lowerBound
    while index < word.upperBound {
      let unit = TextUnit(text, at: index, limit: word.upperBound)
      let second = index + unit.length
      // The space is taken along where it can be, which is tried first.
      let inner = takesSpace && unit.kind == .space ? runEnd(text, second, word.upperBound) : second
      let end = inner > second ? inner : runEnd(text, index, word.upperBound)
      if end > index { matches.append(index..<end) }
      index = max(end, second)
    }
    return matches
  }

  private func spaceAtEnd(_ text: [UInt8], _ word: Range<Int>) -> Range<Int> {
    var start = word.upperBound
    text.forEachUnit(in: word) { index, unit in
      if unit.kind != .space {
        start = word.upperBound
      } else if start == word.upperBound {
        start = index
      }
    }
    return start..<word.upperBound
  }

  private func runEnd(_ text: [UInt8], _ start: Int, _ limit: Int) -> Int {
    var (index, count) = (start, 0)
    while index < limit, count < most {
      let unit = TextUnit(text, at: index, limit: limit)
      guard holds(unit) else { break }
      index += unit.length
      count += 1
    }
    return index
  }

  private func holds(_ unit: TextUnit) -> Bool {
    switch members {
    case .letters: unit.kind == .letter
    case .numbers: unit.kind == .number
    case .marks: unit.scalar?.isPunctuation ?? false
    case .listed(let ranges):
      unit.scalar.map { scalar in ranges.contains { $0.contains(scalar.value) } } ?? false
    }
  }
}
