// A template's source as plain text and tags. The rules are Jinja's, with trim_blocks and
// lstrip_blocks on, as chat templates are written for:
//
//   the line break directly behind %} and #} goes, and blanks before {% and {# at a line's begin
//   {%- {{- {#- and -%} -}} -#} take all white space on their side; {%+ and +%} keep it
//   line breaks of all kinds are \n, and one at the end of the source goes
import SVFTTensor

/// One part of a template's source.
struct TemplatePart: Sendable {
  enum Content: Sendable {
    /// Text that is written as it stands.
    case data(TemplateText)
    /// {{ … }}
    case output([TemplateToken])
    /// {% … %}
    case block([TemplateToken])
  }

  let content: Content
  /// The line on which it begins, from 1.
  let line: Int
}

/// Cuts a template's source into parts.
struct TemplateLexer {
  let source: TemplateText
  var position = 0
  var line = 1
  private var parts: [TemplatePart] = []
  /// Whether what follows begins a line.
  private var isLineStart = true
  private var skipsSpace = false

  private static let braces: [Character: UInt32] = ["%": 0x25, "{": 0x7B, "#": 0x23]

  init(_ text: String) {
    var source: TemplateText = []
    var wasReturn = false
    for scalar in text.unicodeScalars {
      if scalar == "\n", wasReturn {
        wasReturn = false
        continue
      }
      wasReturn = scalar == "\r"
      source.append(TemplateCharacter(wasReturn ? "\n" : scalar))
    }
    if source.last?.value == 0x0A { source.removeLast() }
    self.source = source
  }

  /// The parts in order. Throws `.format` with the line.
  mutating func run() throws(SVFTError) -> [TemplatePart] {
    while position < source.count {
      let start = nextTag()
      guard start < source.count else {
        append(data: start, end: start)
        break
      }
      try tag(at: start)
    }
    return parts
  }

  /// The character at a place, 0 beyond the end.
  func at(_ index: Int) -> UInt32 { index < source.count ? source[index].value : 0 }

  func failure(_ sentence: String) -> SVFTError {
    SVFTError(.format, "line \(line): \(sentence)")
  }

  /// Whether the source goes on with `text` at `index`.
  func hasText(_ text: StaticString, at index: Int) -> Bool {
    text.withUTF8Buffer { bytes in
      bytes.enumerated().allSatisfy { at(index + $0.offset) == UInt32($0.element) }
    }
  }

  func skipSpace(from index: Int) -> Int {
    var index = index
    while index < source.count, source[index].isSpace { index += 1 }
    return index
  }

  /// Steps to `end`, counting lines.
  mutating func advance(to end: Int) {
    while position < end, position < source.count {
      if source[position].value == 0x0A { line += 1 }
      position += 1
    }
  }

  private func nextTag() -> Int {
    var index = position
    while index < source.count {
      if at(index) == 0x7B, Self.braces.values.contains(at(index + 1)) { return index }
      index += 1
    }
    return index
  }

  /// The text up to a tag at `start`, less what the tag's sign takes.
  private mutating func append(data start: Int, end: Int, isOutput: Bool = false) {
    let first = skipsSpace ? min(skipSpace(from: position), start) : position
    var last = start
    let sign = at(start + 2)
    if start < source.count {
      if sign == 0x2D {
        while last > first, source[last - 1].isSpace { last -= 1 }
      } else if sign != 0x2B, !isOutput {
        let breakPlace = source[first..<last].lastIndex { $0.value == 0x0A }
        let lineStart = breakPlace.map { $0 + 1 } ?? first
        let isLine = breakPlace != nil || isLineStart
        if isLine, source[lineStart..<last].allSatisfy(\.isSpace) { last = lineStart }
      }
    }
    let begun = line
    if first < last {
      parts.append(TemplatePart(content: .data(TemplateText(source[first..<last])), line: begun))
    }
    skipsSpace = false
    advance(to: end)
  }

  private mutating func tag(at start: Int) throws(SVFTError) {
    let kind = at(start + 1)
    let sign = at(start + 2)
    let inner = start + 2 + (sign == 0x2D || sign == 0x2B ? 1 : 0)
    append(data: start, end: inner, isOutput: kind == 0x7B)
    switch kind {
    case 0x23: try comment()
    case 0x7B:
      let begun = line
      let tokens = try tokens(closing: "}}")
      parts.append(TemplatePart(content: .output(tokens), line: begun))
      isLineStart = false
    default:
      if let end = rawEnd() { return try raw(from: end) }
      let begun = line
      let tokens = try tokens(closing: "%}")
      parts.append(TemplatePart(content: .block(tokens), line: begun))
      trimLine()
    }
  }

  /// Ends a tag whose closing sign, if it has one, stands at the position.
  mutating func close(_ closing: StaticString) -> Bool {
    let sign = at(position)
    let hasSign = sign == 0x2D || sign == 0x2B
    guard hasText(closing, at: position + (hasSign ? 1 : 0)) else { return false }
    advance(to: position + (hasSign ? 3 : 2))
    keepsBreak = sign == 0x2B
    skipsSpace = sign == 0x2D
    return true
  }

  private var keepsBreak = false

  /// Takes the line break directly behind a block or a comment.
  private mutating func trimLine() {
    isLineStart = false
    if skipsSpace {
      let end = skipSpace(from: position)
      isLineStart = end > position && at(end - 1) == 0x0A
      return
    }
    if at(position) == 0x0A, !keepsBreak {
      advance(to: position + 1)
      isLineStart = true
    }
  }

  private mutating func comment() throws(SVFTError) {
    while position < source.count {
      if close("#}") { return trimLine() }
      advance(to: position + 1)
    }
    throw failure("expected #} at the end of a comment, found the end of the template")
  }

  /// Where `raw %}` at the position ends, or nil where something else stands there.
  private mutating func rawEnd() -> Int? {
    let word = skipSpace(from: position)
    guard hasText("raw", at: word) else { return nil }
    let end = skipSpace(from: word + 3)
    if hasText("-%}", at: end) { return skipSpace(from: end + 3) }
    return hasText("%}", at: end) ? end + 2 : nil
  }

  /// Text up to {% endraw %}, which is no template.
  private mutating func raw(from start: Int) throws(SVFTError) {
    advance(to: start)
    isLineStart = false
    var index = start
    while index < source.count {
      let sign = at(index + 2)
      let word = skipSpace(from: index + 2 + (sign == 0x2D || sign == 0x2B ? 1 : 0))
      if hasText("{%", at: index), hasText("endraw", at: word) {
        append(data: index, end: skipSpace(from: word + 6))
        if close("%}") { return trimLine() }
        break
      }
      index += 1
    }
    throw failure("expected {% endraw %}, found the end of the template")
  }
}
