// The words of a running text: what stands between white space, and marks at a word's ends alone,
// as the corpora that taggers learn from have them: "(London)." is "(", "London", ")" and ".".

/// A word of a running text.
package struct TextWord: Sendable, Equatable {
  package let text: String
  /// Where it begins and ends, in Unicode scalars of the text.
  package let range: Range<Int>

  package init(text: String, range: Range<Int>) {
    self.text = text
    self.range = range
  }

  /// The words of a text, in order.
  package static func all(in text: String) -> [TextWord] {
    let scalars = Array(text.unicodeScalars)
    var words: [TextWord] = []
    func add(_ range: Range<Int>) {
      guard !range.isEmpty else { return }
      var view = String.UnicodeScalarView()
      view.append(contentsOf: scalars[range])
      words.append(TextWord(text: String(view), range: range))
    }
    var start = 0
    while start < scalars.count {
      guard !scalars[start].properties.isWhitespace else {
        start += 1
        continue
      }
      let end = scalars[start...].firstIndex { $0.properties.isWhitespace } ?? scalars.count
      var (first, last) = (start, end)
      while first < last, isMark(scalars[first]) { first += 1 }
      while last > first, isMark(scalars[last - 1]) { last -= 1 }
      for mark in start..<first { add(mark..<mark + 1) }
      add(first..<last)
      for mark in last..<end { add(mark..<mark + 1) }
      start = end
    }
    return words
  }

  /// Whether a character is a punctuation mark.
  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
      .finalPunctuation, .otherPunctuation:
      true
    default: false
    }
  }
}
