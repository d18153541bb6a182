// The text that templates work on: Unicode scalars, as Python's strings are, each with its origin.
// A character that the template itself spells has origin 0; one out of a message carries the
// message's number. Joining, cutting and replacing keep it, so that in what comes out nobody can
// pass off a written "<|im_end|>" as the template's own.
//
// The origin takes the eleven bits that a scalar (21 bits) leaves; it never plays a part in
// comparing.

/// One character and where it came from.
struct TemplateCharacter: Hashable, Sendable {
  /// The origin of text that is foreign but belongs to no numbered message.
  static let foreign = 0x7FF

  private let raw: UInt32

  init(_ scalar: Unicode.Scalar, origin: Int = 0) {
    raw = scalar.value | UInt32(clamping: min(max(origin, 0), Self.foreign)) << 21
  }

  /// Its number in Unicode.
  var value: UInt32 { raw & 0x1F_FFFF }
  /// 0 for the template's own text; a message's number from 1; `foreign`.
  var origin: Int { Int(raw >> 21) }
  /// The character alone.
  var scalar: Unicode.Scalar { Unicode.Scalar(value) ?? "\u{FFFD}" }

  /// White space as Python's `str.strip` and `\s` have it.
  var isSpace: Bool {
    switch value {
    case 0x09...0x0D, 0x1C...0x20: true
    case 0..<0x80: false
    default: scalar.properties.isWhitespace
    }
  }

  static func == (a: Self, b: Self) -> Bool { a.value == b.value }
  func hash(into hasher: inout Hasher) { hasher.combine(value) }
}

/// A text of a template.
typealias TemplateText = [TemplateCharacter]

extension TemplateText {
  init(_ text: String, origin: Int = 0) {
    self = text.unicodeScalars.map { TemplateCharacter($0, origin: origin) }
  }

  /// The text without its origins.
  var string: String {
    var view = String.UnicodeScalarView()
    for character in self { view.append(character.scalar) }
    return String(view)
  }

  /// Where `needle` occurs, from the left and without overlap, at most `most` times.
  ///
  /// Knuth, Morris and Pratt's search: linear whatever the two texts are.
  func places(of needle: TemplateText, most: Int = .max) -> [Int] {
    guard !needle.isEmpty else { return [] }
    var borders = [Int](repeating: 0, count: needle.count)
    var length = 0
    for index in needle.indices.dropFirst() {
      while length > 0, needle[index] != needle[length] { length = borders[length - 1] }
      if needle[index] == needle[length] { length += 1 }
      borders[index] = length
    }
    var found: [Int] = []
    var matched = 0
    for (index, character) in enumerated() where found.count < most {
      while matched > 0, character != needle[matched] { matched = borders[matched - 1] }
      if character == needle[matched] { matched += 1 }
      if matched == needle.count {
        found.append(index + 1 - matched)
        matched = 0
      }
    }
    return found
  }

  /// The text with `characters` (white space without) taken off its ends.
  func trimmed(
    _ characters: TemplateText? = nil, left: Bool = true, right: Bool = true
  ) -> TemplateText {
    let set = characters.map(Set.init)
    func isTaken(_ character: TemplateCharacter) -> Bool {
      set.map { $0.contains(character) } ?? character.isSpace
    }
    var (start, end) = (0, count)
    if left { while start < end, isTaken(self[start]) { start += 1 } }
    if right { while end > start, isTaken(self[end - 1]) { end -= 1 } }
    return TemplateText(self[start..<end])
  }

  /// The texts between occurrences of `separator`, at most `most` of which are cut at.
  func parts(_ separator: TemplateText, most: Int = .max) -> [TemplateText] {
    var parts: [TemplateText] = []
    var start = 0
    for place in places(of: separator, most: most) {
      parts.append(TemplateText(self[start..<place]))
      start = place + separator.count
    }
    return parts + [TemplateText(self[start...])]
  }

  /// The text with each scalar mapped to a text, which inherits its origin.
  func mapped(_ change: (Unicode.Scalar) -> String) -> TemplateText {
    flatMap { TemplateText(change($0.scalar), origin: $0.origin) }
  }
}
