// Ceilings on files, functions and lines, and the median file.

extension Rule {
  static let sizes = [
    Rule.perFile(
      "no source file is longer than 400 lines (svft.h 450)",
      broken: SourceFile("Sources/X/Long.swift", String(repeating: "//\n", count: 401)),
      kept: SourceFile("include/svft.h", String(repeating: "//\n", count: 450))
    ) { file in
      let ceiling = file.path == "include/svft.h" ? 450 : 400
      guard file.language != .plain, file.lines.count > ceiling else { return [] }
      return [Offence(path: file.path, found: "\(file.lines.count) lines")]
    },

    Rule.perFile(
      "no function is longer than 60 lines (C 80)",
      broken: SourceFile(
        "Sources/X/Y.swift",
        "func f<T>(a: T) -> Int {\n" + String(repeating: "{}\n", count: 60) + "}"),
      kept: SourceFile(
        "Sources/X/Y.swift",
        "protocol P { func f(_ a: Int = { 1 }()) -> Int\n init() }\n"
          + String(repeating: "let a = 1\n", count: 80) + "func g() {}")
    ) { file in
      let ceiling = file.language == .c ? 80 : 60
      return FunctionSpan.all(in: file).filter { $0.lines > ceiling }.map {
        Offence(path: file.path, line: $0.firstLine, found: "\($0.name) has \($0.lines) lines")
      }
    },

    Rule.perFile(
      "no line is longer than 100 columns",
      broken: SourceFile("Sources/X/Y.c", String(repeating: "é", count: 101)),
      kept: SourceFile("Sources/X/Y.c", String(repeating: "é", count: 100))
    ) { file in
      guard file.language != .plain || file.isScript else { return [] }
      return file.lines.enumerated().filter { $0.element.count > 100 }.map {
        Offence(path: file.path, line: $0.offset + 1, found: "\($0.element.count) columns")
      }
    },

    Rule(
      statement: "the median Swift file of Sources has at most 150 lines",
      broken: [SourceFile("Sources/X/Y.swift", String(repeating: "//\n", count: 151))],
      kept: [
        SourceFile("Sources/X/Y.swift", String(repeating: "//\n", count: 300)),
        SourceFile("Sources/X/Z.swift", String(repeating: "//\n", count: 150)),
        SourceFile("Sources/X/A.swift", String(repeating: "//\n", count: 10)),
      ]
    ) { tree in
      let lengths = tree.swiftSources.map(\.lines.count).sorted()
      guard !lengths.isEmpty, lengths[lengths.count / 2] > 150 else { return [] }
      return [Offence(path: "Sources", found: "median of \(lengths[lengths.count / 2]) lines")]
    },
  ]
}

extension SourceFile {
  /// Shell scripts and makefiles: no ending, or `.sh`.
  var isScript: Bool { path.hasSuffix(".sh") || path == "Makefile" || path == ".ci/run" }
}
