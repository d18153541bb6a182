// Sources/X/Y.swift has its Tests/XTests/YTests.swift, in whatever folders of the two.
//
// `Type+Topic.swift` may be tested in the type's own file. What a contract suite tests over its
// registry still has the file that says what is particular about it. There are no exemptions.

extension Rule {
  static let mirrors = [
    Rule(
      statement: "every source file has its test",
      broken: [
        SourceFile("Sources/X/Y.swift", "// Y"), SourceFile("Tests/ZTests/YTests.swift", "// Y"),
      ],
      kept: [
        SourceFile("Sources/X/Sub/Y.swift", "// Y"), SourceFile("Sources/X/Y+Z.swift", "// Y"),
        SourceFile("Tests/XTests/YTests.swift", "// Y"),
      ]
    ) { tree in
      tree.untested.map {
        Offence(path: $0.path, found: "no \($0.mirrors.joined(separator: " or "))")
      }
    }
  ]
}

extension SourceTree {
  /// Swift sources whose mirror does not exist.
  fileprivate var untested: [SourceFile] {
    let tests = Set(
      files.filter { $0.path.hasPrefix("Tests/") }.map { "\($0.module ?? "")/\($0.stem)" })
    return swiftSources.filter { file in
      !file.mirrors.contains(where: tests.contains)
    }
  }
}

extension SourceFile {
  /// The tests that would do, as `module/stem`.
  fileprivate var mirrors: [String] {
    let type = stem.split(separator: "+").first.map(String.init) ?? stem
    let topic = stem.split(separator: "+").joined()
    return Set([stem, type, topic]).sorted().map { "\(module ?? "")Tests/\($0)Tests" }
  }
}
