// Constructs that would end a host's process, hide a failure or leave the house's ways.
//
// A trap in Swift cannot be caught: it kills the program that embeds the library. What ends a
// process is therefore forbidden wherever it stands in Sources; comments and strings do not count.

extension Rule {
  static let constructs =
    [
      ban("fatalError", "f() ?? fatalError()", "let a = \"fatalError()\""),
      ban("precondition", "precondition(a > 0)", "// precondition(a)"),
      ban("preconditionFailure", "preconditionFailure()", "let a = 1"),
      ban("assertionFailure", "assertionFailure()", "let a = 1"),
      ban("unowned", "unowned let model: Model", "let unownedCount = 1"),
      ban("abort", "abort()", "let abortion = 1"),
      ban("uniqueKeysWithValues", "Dictionary(uniqueKeysWithValues: a)", "let a = [1: 2]"),
    ] + [
      inSwiftSources(
        "no `try!`, no `as!`", broken: "let a = try! f()", kept: "let a = try f() != 0 && !b"
      ) { code, at in
        code[at].text == "!" && ["try", "as"].contains(code[at - 1].text) && !code[at].afterSpace
      },
      inSwiftSources(
        "no unwrapping with `!`", broken: "let a = \"\\(b!)\"",
        kept: "if !a && b != c || d!=e { let s = \"Hello!\" /* a! */ }"
      ) { code, at in
        let before = code[at - 1]
        guard code[at].text == "!", !code[at].afterSpace, !["try", "as"].contains(before.text)
        else { return false }
        let isOperator = at + 1 < code.count && code[at + 1].text == "=" && !code[at + 1].afterSpace
        let isPostfix =
          [.word, .string].contains(before.kind) || [")", "]", "?"].contains(before.text)
        return isPostfix && !isOperator
      },
      inSwiftSources(
        "every function that throws says throws(SVFTError)", broken: "func f() throws {}",
        kept: "func f() throws(SVFTError) {}; func g() rethrows {}"
      ) { code, at in
        code[at].text == "throws" && (at + 1 == code.count || code[at + 1].text != "(")
      },
      inSwiftSources(
        "only the tool prints", broken: "print(1)", kept: "let a = printer(1)"
      ) { code, at in
        ["print", "debugPrint", "dump"].contains(code[at].text) && at + 1 < code.count
          && code[at + 1].text == "(" && !["func", "."].contains(code[at - 1].text)
      },
      Rule.perFile(
        "tests use Swift Testing and package access only",
        broken: SourceFile("Tests/XTests/Y.swift", "@testable import X"),
        kept: SourceFile("Tests/XTests/Y.swift", "import Testing // not XCTest")
      ) { file in
        guard file.path.hasPrefix("Tests/"), file.language == .swift else { return [] }
        return file.code.filter {
          $0.kind == .word && ["testable", "XCTest", "XCTestCase"].contains($0.text)
        }.map { file.offence($0) }
      },
    ]

  /// A rule that a word never stands in the code of Sources.
  private static func ban(_ word: String, _ broken: String, _ kept: String) -> Rule {
    inSwiftSources("no `\(word)` in Sources", broken: broken, kept: kept) { code, at in
      code[at].kind == .word && code[at].text == word
    }
  }

  /// A rule over each token of Sources; `isOffence` sees the code with one blank mark before it.
  private static func inSwiftSources(
    _ statement: String, broken: String, kept: String,
    _ isOffence: @escaping @Sendable (_ code: [Token], _ at: Int) -> Bool
  ) -> Rule {
    Rule.perFile(
      statement, broken: SourceFile("Sources/X/Y.swift", broken),
      kept: SourceFile("Sources/X/Y.swift", kept)
    ) { file in
      let mayEnd = file.module == "SVFTTool" && statement.hasPrefix("only the tool")
      let isTyped = file.module == "SVFTTool" && statement.contains("throws(SVFTError)")
      guard file.isSource, file.language == .swift, !mayEnd, !isTyped else { return [] }
      let code = [Token(kind: .mark, text: "", line: 0, afterSpace: true)] + file.code
      return code.indices.dropFirst().filter { isOffence(code, $0) }.map { file.offence(code[$0]) }
    }
  }
}
