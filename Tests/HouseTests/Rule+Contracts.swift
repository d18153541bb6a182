// The C contract held against its implementations and the Python table, and paths of one machine.
//
// The compiler checks that an implementation fits its declaration; that each declaration has one is
// checked here, from the text alone.

extension Rule {
  static let contracts = [
    Rule(
      statement: "svft.h declares exactly what SVFTC implements",
      broken: [
        SourceFile("include/svft.h", "svft_status svft_model_load(void);\n"),
        SourceFile("Sources/SVFTC/ModelABI.swift", "// func svft_model_load()"),
      ],
      kept: [
        SourceFile(
          "include/svft.h",
          """
          #define svft_macro(x) x
          typedef int (*svft_callback)(void *user); /* svft_gone() */
          svft_status svft_model_load(const svft_model *model);
          """),
        SourceFile("Sources/SVFTC/ModelABI.swift", "package func svft_model_load() {}"),
      ]
    ) { tree in
      difference(
        tree.declared, of: "include/svft.h", tree.implemented, of: "Sources/SVFTC")
    },

    Rule(
      statement: "the Python signature table holds exactly the functions of svft.h",
      broken: [
        SourceFile("include/svft.h", "void svft_model_free(svft_model *model);"),
        SourceFile(
          pythonTable, "\"\"\"Table.\"\"\"\nx = {\"svft_model_load\": 1, \"svft_model_free\": 2}"),
      ],
      kept: [SourceFile("include/svft.h", "void svft_model_free(svft_model *model);")]
    ) { tree in
      guard let table = tree.file(pythonTable) else { return [] }
      let listed = Set(
        table.code.filter { $0.kind == .string && $0.text.hasPrefix("svft_") }.map(\.text))
      return difference(tree.declared, of: "include/svft.h", listed, of: pythonTable)
    },

    Rule.perFile(
      "no path of one machine stands in the tree",
      broken: SourceFile("README.md", "cd " + "/" + "home/me/svft"),
      kept: SourceFile("README.md", "see docs/home/plan.md and /usr/lib")
    ) { file in
      file.lines.enumerated().compactMap { index, line in
        machineFolders.contains { line.holdsPath($0) }
          ? Offence(path: file.path, line: index + 1, found: String(line.prefix(80))) : nil
      }
    },
  ]

  private static let pythonTable = "bindings/python/svft/_library.py"
  private static let machineFolders = ["work", "root", "home", "Users"].map { "/" + $0 + "/" }

  private static func difference(
    _ a: Set<String>, of first: String, _ b: Set<String>, of second: String
  ) -> [Offence] {
    a.subtracting(b).sorted().map { Offence(path: second, found: "lacks \($0) of \(first)") }
      + b.subtracting(a).sorted().map { Offence(path: first, found: "lacks \($0) of \(second)") }
  }
}

extension SourceTree {
  /// Names of the functions that the public header declares: `svft_…(`, not after a `*`.
  fileprivate var declared: Set<String> {
    let code = file("include/svft.h")?.code ?? []
    return Set(
      code.indices.dropFirst().dropLast().filter {
        code[$0].text.hasPrefix("svft_") && code[$0].kind == .word && code[$0 + 1].text == "("
          && !(code[$0 - 1].text == "*" && $0 > 1 && code[$0 - 2].text == "(")
      }.map { code[$0].text })
  }

  /// Names of the C functions that the C door implements.
  fileprivate var implemented: Set<String> {
    Set(
      swiftSources.filter { $0.module == "SVFTC" }.flatMap { file in
        let code = file.code
        return code.indices.dropFirst().filter {
          code[$0 - 1].text == "func" && code[$0].text.hasPrefix("svft_")
        }.map { code[$0].text }
      })
  }
}

extension Substring {
  /// Whether an absolute path through this folder begins somewhere in the line.
  fileprivate func holdsPath(_ folder: String) -> Bool {
    var rest = self[...]
    while let range = rest.firstRange(of: folder) {
      let before = rest[..<range.lowerBound].last
      if before.map({ !($0.isLetter || $0.isNumber || "._/-})".contains($0)) }) ?? true {
        return true
      }
      rest = rest[range.upperBound...]
    }
    return false
  }
}
