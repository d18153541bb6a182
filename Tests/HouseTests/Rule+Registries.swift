// A registered thing is named where it lives and in its registry, nowhere else: the reason why a
// new architecture, method, format or tokenizer costs one file and one line.
//
// A registry is the list literal `static let all` beside a protocol. Its entries are read from the
// text, so this rule needs no change when one is added.

extension Rule {
  static let registries = [
    Rule(
      statement: "no module names what is registered in another",
      broken: [
        SourceFile("Sources/SVFTModels/Architectures.swift", exampleRegistry),
        SourceFile("Sources/SVFT/Model.swift", "if model is Llama { }"),
      ],
      kept: [
        SourceFile("Sources/SVFTModels/Architectures.swift", exampleRegistry),
        SourceFile("Sources/SVFTModels/Llama.swift", "struct Llama {}"),
        SourceFile("Sources/SVFT/Model.swift", "// As Llama does.\nlet a = \"Llama\""),
      ]
    ) { tree in
      let entries = tree.registered
      return tree.swiftSources.flatMap { file in
        file.code.compactMap { token in
          guard token.kind == .word, let home = entries[token.text], home != file.module
          else { return nil }
          return file.offence(token, "\(token.text) is registered in \(home)")
        }
      }
    },

    Rule(
      statement: "every registry has entries this test can read",
      broken: [
        SourceFile(
          "Sources/SVFTModels/Architectures.swift", "enum Architectures { static let all = 1 }")
      ],
      kept: [SourceFile("Sources/SVFTModels/Architectures.swift", exampleRegistry)]
    ) { tree in
      tree.swiftSources.filter {
        registryNames.contains($0.declaredEnum ?? "") && $0.entries.isEmpty
      }
      .map { Offence(path: $0.path, found: "no list literal `static let all`") }
    },
  ]

  fileprivate static let registryNames: Set = [
    "Architectures", "AdapterMethods", "ElementFormats", "Tokenizers", "SumRules", "DeltaSources",
  ]
  private static let exampleRegistry = """
    package enum Architectures {
      package static let all: [any Architecture.Type] = [Llama.self, BERT.self]
    }
    """
}

extension SourceTree {
  /// Every registered type name with the module that registers it.
  fileprivate var registered: [String: String] {
    var homes: [String: String] = [:]
    for file in swiftSources where Rule.registryNames.contains(file.declaredEnum ?? "") {
      for entry in file.entries { homes[entry] = file.module }
    }
    return homes
  }
}

extension SourceFile {
  /// The registry this file declares, if it declares one.
  fileprivate var declaredEnum: String? {
    let code = code
    return code.indices.dropLast().first {
      code[$0].text == "enum" && Rule.registryNames.contains(code[$0 + 1].text)
    }.map { code[$0 + 1].text }
  }

  /// The type names in the list literal `static let all … = [ … ]`.
  fileprivate var entries: [String] {
    let code = code
    guard
      let all = code.indices.dropLast(2).first(where: {
        code[$0].text == "static" && code[$0 + 1].text == "let" && code[$0 + 2].text == "all"
      }),
      let equals = code[all...].firstIndex(where: { $0.text == "=" }), equals + 1 < code.count,
      code[equals + 1].text == "[", let end = FunctionSpan.match(code, equals + 1)
    else { return [] }
    return code[(equals + 1)..<end].filter {
      $0.kind == .word && $0.text.first?.isUppercase == true
    }.map(\.text)
  }
}
