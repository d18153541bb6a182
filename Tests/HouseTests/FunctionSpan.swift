// Where functions begin and end, by matching brackets over the tokens of a file.
//
// Swift: func, init, deinit, subscript, and computed properties. C: a `{` at the outermost level
// that follows a `)`. Requirements of protocols and declarations without a body have no span.

/// The lines of one function, signature included.
struct FunctionSpan: Sendable {
  let name: String
  let firstLine: Int
  let lastLine: Int

  var lines: Int { lastLine - firstLine + 1 }

  static func all(in file: SourceFile) -> [FunctionSpan] {
    let code = file.code
    switch file.language {
    case .swift: return code.indices.compactMap { swiftSpan(code, at: $0) }
    case .c: return cSpans(code)
    case .python, .plain: return []
    }
  }

  private static func swiftSpan(_ code: [Token], at start: Int) -> FunctionSpan? {
    let token = code[start]
    guard token.kind == .word, start + 1 < code.count, start == 0 || code[start - 1].text != "."
    else { return nil }
    let next = code[start + 1]
    switch token.text {
    case "func": break
    case "deinit" where next.text == "{": break
    case "init" where ["(", "?", "<", "!"].contains(next.text): break
    case "subscript" where ["(", "<"].contains(next.text): break
    case "var" where next.kind == .word: break
    default: return nil
    }
    guard let opening = body(code, after: start, staysOnLine: token.text == "var"),
      let closing = match(code, opening)
    else { return nil }
    let name = next.kind == .word ? next.text : token.text
    return FunctionSpan(name: name, firstLine: token.line, lastLine: code[closing].line)
  }

  /// The `{` of the body, or nil where the declaration ends without one.
  private static func body(_ code: [Token], after start: Int, staysOnLine: Bool) -> Int? {
    let stops: Set = [
      "func", "var", "let", "static", "package", "public", "private", "mutating", "associatedtype",
      "init", "subscript", "typealias", "struct", "enum", "class", "extension", "case", "@", "}",
      ";",
    ]
    var at = start + 1
    while at < code.count {
      let token = code[at]
      if staysOnLine, token.line != code[start].line || token.text == "=" { return nil }
      if token.text == "{" { return at }
      if ["(", "["].contains(token.text) {
        guard let closing = match(code, at) else { return nil }
        at = closing
      } else if token.kind != .string, at > start + 1, stops.contains(token.text) {
        return nil
      }
      at += 1
    }
    return nil
  }

  /// The bracket that closes the one at `opening`.
  static func match(_ code: [Token], _ opening: Int) -> Int? {
    var depth = 0
    for at in opening..<code.count where code[at].kind == .mark {
      if ["(", "[", "{"].contains(code[at].text) { depth += 1 }
      if [")", "]", "}"].contains(code[at].text) { depth -= 1 }
      if depth == 0 { return at }
    }
    return nil
  }

  private static func cSpans(_ code: [Token]) -> [FunctionSpan] {
    var spans: [FunctionSpan] = []
    var at = 0
    var first = 0
    while at < code.count {
      if code[at].text == "{", at > 0, code[at - 1].text == ")", let closing = match(code, at) {
        let callee = (first..<at).first {
          code[$0].kind == .word && code[$0 + 1].text == "(" && !code[$0].text.hasPrefix("__")
        }
        let name = callee.map { code[$0].text } ?? "function"
        spans.append(
          FunctionSpan(name: name, firstLine: code[first].line, lastLine: code[closing].line))
        at = closing
      }
      if [";", "}", "{"].contains(code[at].text) { first = min(at + 1, code.count - 1) }
      at += 1
    }
    return spans
  }
}
