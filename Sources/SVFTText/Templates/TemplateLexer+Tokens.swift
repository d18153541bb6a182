// What stands inside a tag: names, numbers, strings with Python's escapes, and signs.
import SVFTTensor

/// One word of a tag.
struct TemplateToken: Sendable {
  enum Kind: Sendable, Equatable {
    case name(String)
    case text(TemplateText)
    case integer(Int)
    case number(Double)
    case sign(String)
  }

  let kind: Kind
  let line: Int
}

extension TemplateLexer {
  private static let signs = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}",
    ">", "<", "=", ".", ":", "|", ",", ";",
  ].map { (text: $0, values: $0.unicodeScalars.map(\.value)) }

  /// The tokens up to the end of the tag. Inside brackets its closing signs are none.
  mutating func tokens(closing: StaticString) throws(SVFTError) -> [TemplateToken] {
    var tokens: [TemplateToken] = []
    var open: [UInt32] = []
    while true {
      advance(to: skipSpace(from: position))
      if open.isEmpty, close(closing) { return tokens }
      guard position < source.count else {
        throw failure("expected \(closing) at the end of a tag, found the end of the template")
      }
      let (begun, first) = (line, at(position))
      let kind: TemplateToken.Kind
      if first == 0x27 || first == 0x22 {
        kind = .text(try string(quote: first))
      } else if 0x30...0x39 ~= first {
        kind = try number()
      } else if isWord(position) {
        let start = position
        while isWord(position) { advance(to: position + 1) }
        kind = .name(TemplateText(source[start..<position]).string)
      } else {
        kind = .sign(try sign(&open))
      }
      tokens.append(TemplateToken(kind: kind, line: begun))
    }
  }

  private func isWord(_ index: Int) -> Bool {
    guard index < source.count else { return false }
    switch source[index].value {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: return true
    case 0..<0x80: return false
    default: return source[index].scalar.properties.isXIDContinue
    }
  }

  private mutating func sign(_ open: inout [UInt32]) throws(SVFTError) -> String {
    let found = Self.signs.first { sign in
      sign.values.enumerated().allSatisfy { at(position + $0.offset) == $0.element }
    }
    guard let found, let first = found.values.first else {
      throw failure("expected a word of the template language, found “\(source[position].scalar)”")
    }
    switch first {
    case 0x28, 0x5B, 0x7B: open.append(first)
    case 0x29, 0x5D, 0x7D:
      let wanted: UInt32 = first == 0x29 ? 0x28 : first - 2
      guard open.popLast() == wanted else {
        throw failure("expected a bracket to be open, found “\(found.text)”")
      }
    default: break
    }
    advance(to: position + found.values.count)
    return found.text
  }

  private mutating func number() throws(SVFTError) -> TemplateToken.Kind {
    let start = position
    let bases: [UInt32: Int] = [0x78: 16, 0x6F: 8, 0x62: 2]
    if at(position) == 0x30, let base = bases[at(position + 1) | 0x20] {
      advance(to: position + 2)
      while isWord(position) { advance(to: position + 1) }
      let text = plain(start + 2)
      guard let value = Int(text, radix: base) else {
        throw failure("expected a whole number of 63 bits, found “\(text.prefix(40))”")
      }
      return .integer(value)
    }
    skipDigits()
    var isWhole = true
    if at(position) == 0x2E, isDigit(position + 1) {
      isWhole = false
      advance(to: position + 1)
      skipDigits()
    }
    let signed = at(position + 1) == 0x2B || at(position + 1) == 0x2D
    if at(position) | 0x20 == 0x65, isDigit(position + (signed ? 2 : 1)) {
      isWhole = false
      advance(to: position + (signed ? 2 : 1))
      skipDigits()
    }
    let text = plain(start)
    if isWhole {
      guard let value = Int(text) else {
        throw failure("expected a whole number of 63 bits, found “\(text.prefix(40))”")
      }
      return .integer(value)
    }
    guard let value = Double(text) else {
      throw failure("expected a number, found “\(text.prefix(40))”")
    }
    return .number(value)
  }

  private func isDigit(_ index: Int) -> Bool { 0x30...0x39 ~= at(index) }

  private mutating func skipDigits() {
    while isDigit(position) || at(position) == 0x5F { advance(to: position + 1) }
  }

  /// The source from `start` to the position, less underscores between digits.
  private func plain(_ start: Int) -> String {
    TemplateText(source[start..<position].filter { $0.value != 0x5F }).string
  }

  private static let escapes: [UInt32: Unicode.Scalar] = [
    0x6E: "\n", 0x74: "\t", 0x72: "\r", 0x5C: "\\", 0x27: "'", 0x22: "\"", 0x61: "\u{07}",
    0x62: "\u{08}", 0x66: "\u{0C}", 0x76: "\u{0B}",
  ]

  private mutating func string(quote: UInt32) throws(SVFTError) -> TemplateText {
    var text: TemplateText = []
    advance(to: position + 1)
    while position < source.count, at(position) != quote {
      let character = source[position]
      advance(to: position + 1)
      guard character.value == 0x5C, position < source.count else {
        text.append(character)
        continue
      }
      let escaped = at(position)
      advance(to: position + 1)
      switch escaped {
      case 0x0A: break
      case 0x78: text.append(try scalar(digits: 2))
      case 0x75: text.append(try scalar(digits: 4))
      case 0x55: text.append(try scalar(digits: 8))
      case 0x30...0x37:
        var value = escaped - 0x30
        for _ in 0..<2 where 0x30...0x37 ~= at(position) {
          value = value * 8 + at(position) - 0x30
          advance(to: position + 1)
        }
        text.append(TemplateCharacter(Unicode.Scalar(value) ?? "\u{FFFD}"))
      default:
        if let scalar = Self.escapes[escaped] {
          text.append(TemplateCharacter(scalar))
        } else {
          text += [character, source[position - 1]]
        }
      }
    }
    guard position < source.count else {
      throw failure("expected the closing quote of a string, found the end of the template")
    }
    advance(to: position + 1)
    return text
  }

  private mutating func scalar(digits: Int) throws(SVFTError) -> TemplateCharacter {
    let start = position
    advance(to: min(position + digits, source.count))
    guard let value = UInt32(TemplateText(source[start..<position]).string, radix: 16),
      position - start == digits, let scalar = Unicode.Scalar(value)
    else { throw failure("expected \(digits) hexadecimal digits of a character in a string") }
    return TemplateCharacter(scalar)
  }
}
