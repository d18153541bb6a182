// A house rule: a sentence, a function from the tree to its offences, and two examples.
//
// The examples keep a rule honest: `broken` must be caught and `kept`, a near miss, must pass: a
// rule that cannot fail is no rule. Rules stand by subject in `Rule+….swift`.
import Testing

/// One rule of the house over the whole tree.
struct Rule: Sendable, CustomTestStringConvertible {
  /// What holds, as a sentence.
  let statement: String
  /// A small tree with exactly one offence.
  let broken: [SourceFile]
  /// A small tree that comes close and is right.
  let kept: [SourceFile]
  let offences: @Sendable (SourceTree) -> [Offence]

  var testDescription: String { statement }

  /// Every rule, in the order in which README and style name them.
  static let all = sizes + names + constructs + imports + mirrors + registries + contracts
}

/// Where a rule is broken, and how.
struct Offence: Sendable, CustomStringConvertible {
  let path: String
  var line: Int = 0
  let found: String

  var description: String { line > 0 ? "\(path):\(line): \(found)" : "\(path): \(found)" }
}

extension Rule {
  /// A rule over each file by itself.
  static func perFile(
    _ statement: String, broken: SourceFile, kept: SourceFile,
    _ check: @escaping @Sendable (SourceFile) -> [Offence]
  ) -> Rule {
    Rule(statement: statement, broken: [broken], kept: [kept]) { $0.files.flatMap(check) }
  }
}

extension SourceFile {
  /// An offence on the line of a token.
  func offence(_ token: Token, _ found: String? = nil) -> Offence {
    Offence(path: path, line: token.line, found: found ?? token.text)
  }
}
