// One text file of the repository as the house rules see it: path, language, lines and tokens.
//
// Rules read files from memory only, so that a rule's own examples are files like any other: a few
// lines of text under an invented path.

/// A file of the tree, lexed once.
struct SourceFile: Sendable {
  /// How a file's text is read.
  enum Language: Sendable { case swift, c, python, plain }

  /// Path from the repository root, with `/`.
  let path: String
  let text: String
  let lines: [Substring]
  /// Every token in order, comments included; none for `.plain`.
  let tokens: [Token]
  let language: Language

  init(_ path: String, _ text: String) {
    self.path = path
    self.text = text
    language = Self.language(of: path)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    self.lines = lines
    var lexer = Lexer(text, language)
    tokens = lexer.tokens()
  }

  /// Tokens without the comments: what the compiler sees.
  var code: [Token] { tokens.filter { $0.kind != .comment } }

  /// The name without folder and ending: `Type+Topic` for `Sources/X/Type+Topic.swift`.
  var stem: String {
    let name = path.split(separator: "/").last ?? ""
    return String(name.split(separator: ".").first ?? "")
  }

  /// The module a file of Sources or Tests belongs to; nil elsewhere.
  var module: String? {
    let parts = path.split(separator: "/")
    guard parts.count > 2, parts[0] == "Sources" || parts[0] == "Tests" else { return nil }
    return String(parts[1])
  }

  /// Whether this is library or tool source, not a test.
  var isSource: Bool { path.hasPrefix("Sources/") }

  private static func language(of path: String) -> Language {
    switch path.split(separator: ".").last {
    case "swift": .swift
    case "c", "h", "cpp": .c
    case "py": .python
    default: .plain
    }
  }
}
