// What files and types may be called, and what stands at the top of a file.

extension Rule {
  static let names = [
    Rule.perFile(
      "no file or folder is a drawer",
      broken: SourceFile("Sources/X/Utilities/Y.swift", "// Y"),
      kept: SourceFile("Sources/X/CoreferenceHead.swift", "// Y")
    ) { file in
      let parts = file.path.lowercased().split { "/.+".contains($0) }.map(String.init)
      return parts.filter(drawers.contains).map { Offence(path: file.path, found: "named \($0)") }
    },

    Rule.perFile(
      "no type ends in Manager, Helper, Util, Handler, Impl, Base, Info or Data",
      broken: SourceFile("Sources/X/Y.swift", "struct ModelInfo {}"),
      kept: SourceFile("Sources/X/Y.swift", "struct Database { let info = 1; var ModelInfo = 2 }")
    ) { file in
      guard file.isSource, file.language == .swift else { return [] }
      let code = file.code
      return code.indices.dropLast().compactMap { at -> Offence? in
        let name = code[at + 1]
        guard typeKeywords.contains(code[at].text), code[at].kind == .word,
          emptySuffixes.contains(where: { name.text.hasSuffix($0) })
        else { return nil }
        return file.offence(name)
      }
    },

    Rule.perFile(
      "every source file begins with a comment",
      broken: SourceFile("Sources/X/Y.swift", "import Glibc\n// Too late."),
      kept: SourceFile("bindings/python/x.py", "#!/usr/bin/env python3\n\"\"\"What it is.\"\"\"\n")
    ) { file in
      guard file.language != .plain || file.isScript, !file.lines.isEmpty else { return [] }
      var lines = file.lines[...]
      if lines.first?.hasPrefix("#!") == true { lines = lines.dropFirst() }
      let first = lines.first { !$0.allSatisfy(\.isWhitespace) } ?? ""
      let marks = ["//", "/*", "\"\"\"", "# "]
      guard !marks.contains(where: first.hasPrefix) else { return [] }
      return [Offence(path: file.path, line: 1, found: "begins with \(first.prefix(40))")]
    },

    Rule.perFile(
      "a file's first comment has neither banner, author nor date",
      broken: SourceFile("Sources/X/Y.swift", "// Created by somebody."),
      kept: SourceFile("Sources/X/Y.swift", "// How a head is created by its model.")
    ) { file in
      let top = file.tokens.prefix { $0.kind == .comment }
      return top.filter { comment in banners.contains { comment.text.contains($0) } }.map {
        file.offence($0)
      }
    },

    Rule.perFile(
      "no TODO stands without its issue",
      broken: SourceFile("Sources/X/Y.swift", "// TODO make it faster"),
      kept: SourceFile("Sources/X/Y.swift", "// TODO(#12) make it faster\nlet a = \"TODO\"")
    ) { file in
      file.tokens.filter { comment in
        comment.kind == .comment
          && unfinished.contains { word in
            comment.text.contains(word) && !comment.text.contains(word + "(#")
          }
      }.map { file.offence($0) }
    },
  ]

  private static let drawers: Set = [
    "util", "utils", "utility", "utilities", "helper", "helpers", "common", "misc", "shared",
    "core",
    "base", "extensions",
  ]
  private static let typeKeywords: Set = ["struct", "class", "enum", "protocol", "actor"]
  private static let emptySuffixes = [
    "Manager", "Helper", "Util", "Handler", "Impl", "Base", "Info", "Data",
  ]
  private static let banners = ["Created by", "Copyright", "Author:", "All rights", "SPDX-"]
  private static let unfinished = ["TODO", "FIXME"]
}
