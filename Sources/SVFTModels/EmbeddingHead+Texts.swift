// What is embedded in place of a text: the folder's prompt stands before it, and both are in lower
// case where the folder says so.
extension EmbeddingHead {
  /// The text that becomes tokens.
  package func prepared(_ text: String) -> String {
    let text = prompt.isEmpty ? text : prompt + text
    return lowercases ? Self.lowercased(text) : text
  }

  /// A text in lower case as Python has it: a sigma that ends a word is another letter there.
  private static func lowercased(_ text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    var result = String.UnicodeScalarView()
    for (place, scalar) in scalars.enumerated() {
      if scalar == "\u{3A3}" && endsWord(scalars, at: place) {
        result.append("\u{3C2}")
      } else {
        result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
      }
    }
    return String(result)
  }

  /// Whether a letter stands before a place and none behind it; accents and apostrophes, which
  /// casing looks through, count for neither.
  private static func endsWord(_ scalars: [Unicode.Scalar], at place: Int) -> Bool {
    func isLetter(_ scalar: Unicode.Scalar?) -> Bool { scalar?.properties.isCased == true }
    let before = scalars[..<place].last { !$0.properties.isCaseIgnorable }
    let behind = scalars[(place + 1)...].first { !$0.properties.isCaseIgnorable }
    return isLetter(before) && !isLetter(behind)
  }
}
