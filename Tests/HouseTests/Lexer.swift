// A lexer light enough to hold in the head, and right about what matters here: where comments and
// strings begin and end. Code inside a Swift interpolation counts as code.
//
// Preprocessor lines of C yield no tokens. Regex literals are not known; the tree has none.

/// A word, a number, one punctuation mark, a string or a comment.
struct Token: Sendable, Equatable {
  enum Kind: Sendable { case word, number, mark, string, comment }

  let kind: Kind
  /// For strings the content up to the first interpolation, for comments the text with its marks.
  let text: String
  /// Counted from 1.
  let line: Int
  /// Whether white space stands directly before it.
  let afterSpace: Bool
}

/// Turns text into tokens in one pass over its bytes.
struct Lexer {
  private let bytes: [UInt8]
  private let language: SourceFile.Language
  private var at = 0
  private var line = 1
  private var found: [Token] = []

  init(_ text: String, _ language: SourceFile.Language) {
    bytes = language == .plain ? [] : Array(text.utf8)
    self.language = language
  }

  mutating func tokens() -> [Token] {
    while at < bytes.count { step() }
    return found
  }

  private mutating func step() {
    let start = at
    switch bytes[at] {
    case UInt8(ascii: "\n"), UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
      advance()
    case UInt8(ascii: "/") where language != .python && (looking(at: "//") || looking(at: "/*")):
      skipSlashComment()
      add(.comment, from: start)
    case UInt8(ascii: "#") where language == .python:
      skipLine()
      add(.comment, from: start)
    case UInt8(ascii: "#") where language == .c:
      skipDirective()
    case UInt8(ascii: "#") where language == .swift && hashesBeforeQuote() > 0,
      UInt8(ascii: "\""),
      UInt8(ascii: "'") where language != .swift:
      string()
    case let byte where Self.isWord(byte):
      while at < bytes.count, Self.isWord(bytes[at]) { at += 1 }
      add((48...57).contains(byte) ? .number : .word, from: start)
    default:
      at += 1
      add(.mark, from: start)
    }
  }

  private mutating func add(_ kind: Token.Kind, from start: Int) {
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    let breaks = text.utf8.count { $0 == 10 }
    found.append(
      Token(kind: kind, text: text, line: line - breaks, afterSpace: isSpace(before: start)))
  }

  private func isSpace(before position: Int) -> Bool {
    position == 0 || [10, 32, 9, 13].contains(bytes[position - 1])
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    byte == 95 || byte == 96 || byte >= 128 || (48...57).contains(byte)
      || (65...90).contains(byte) || (97...122).contains(byte)
  }

  private func looking(at text: String) -> Bool { bytes[at...].starts(with: text.utf8) }

  private mutating func advance() {
    if bytes[at] == 10 { line += 1 }
    at += 1
  }

  private mutating func skipLine() {
    while at < bytes.count, bytes[at] != 10 { at += 1 }
  }

  private mutating func skipDirective() {
    repeat {
      if at < bytes.count, bytes[at] == 10 { advance() }
      skipLine()
    } while at < bytes.count && bytes[at - 1] == UInt8(ascii: "\\")
  }

  private mutating func skipSlashComment() {
    if looking(at: "//") { return skipLine() }
    var depth = 0
    repeat {
      if looking(at: "/*"), language == .swift || depth == 0 {
        depth += 1
        at += 2
      } else if looking(at: "*/") {
        depth -= 1
        at += 2
      } else {
        advance()
      }
    } while at < bytes.count && depth > 0
  }
}

// MARK: strings

extension Lexer {
  /// How many `#` stand here before a quotation mark; 0 where none follows.
  private func hashesBeforeQuote() -> Int {
    let hashes = bytes[at...].prefix { $0 == UInt8(ascii: "#") }.count
    return at + hashes < bytes.count && bytes[at + hashes] == UInt8(ascii: "\"") ? hashes : 0
  }

  /// One string, its interpolations lexed as code after it.
  private mutating func string() {
    let start = at
    let first = line
    let hashes = hashesBeforeQuote()
    at += hashes
    let quote = bytes[at]
    let isLong = bytes[at...].starts(with: [quote, quote, quote]) && language != .c
    let closing =
      [UInt8](repeating: quote, count: isLong ? 3 : 1)
      + [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
    let escape = [UInt8(ascii: "\\")] + [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
    at += isLong ? 3 : 1
    let slot = found.count
    var end: Int?
    while at < bytes.count, !bytes[at...].starts(with: closing) {
      if !isLong && bytes[at] == 10 { break }
      guard bytes[at...].starts(with: escape) else {
        advance()
        continue
      }
      at += escape.count
      if language == .swift, at < bytes.count, bytes[at] == UInt8(ascii: "(") {
        end = end ?? at - escape.count
        interpolation()
      } else if at < bytes.count {
        advance()
      }
    }
    let opening = start + hashes + (isLong ? 3 : 1)
    let content = String(decoding: bytes[opening..<max(opening, end ?? at)], as: UTF8.self)
    at = min(bytes.count, at + closing.count)
    found.insert(
      Token(kind: .string, text: content, line: first, afterSpace: isSpace(before: start)),
      at: slot)
  }

  private mutating func interpolation() {
    var depth = 0
    repeat {
      if bytes[at] == UInt8(ascii: "(") { depth += 1 }
      if bytes[at] == UInt8(ascii: ")") { depth -= 1 }
      step()
    } while at < bytes.count && depth > 0
  }
}
