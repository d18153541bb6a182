// Who may import whom: the floors of Package.swift, and the four C modules with one door each.

extension Rule {
  static let imports = [
    Rule.perFile(
      "no floor imports a floor above or beside it",
      broken: SourceFile("Sources/SVFTModels/Y.swift", "package import SVFTAdapters"),
      kept: SourceFile("Sources/SVFTModels/Y.swift", "package import SVFTLayers // import SVFT")
    ) { file in
      guard file.isSource, let module = file.module else { return [] }
      let allowed = floors[module] ?? []
      return file.imports.filter { ours.contains($0.text) && !allowed.contains($0.text) }.map {
        file.offence($0, "\(module) imports \($0.text)")
      }
    },

    Rule.perFile(
      "the floors are the ones this test knows",
      broken: SourceFile("Sources/SVFTHall/Y.swift", "// A room nobody planned."),
      kept: SourceFile("Sources/CKernels/x.c", "// A kernel.")
    ) { file in
      guard file.isSource, let module = file.module, floors[module] == nil else { return [] }
      return [Offence(path: file.path, found: "unknown module \(module)")]
    },

    Rule.perFile(
      "Foundation is for the tool, the tests and nobody else",
      broken: SourceFile("Sources/SVFTC/Y.swift", "import FoundationEssentials"),
      kept: SourceFile("Sources/SVFTTool/Y.swift", "import Foundation")
    ) { file in
      guard file.isSource, file.module != "SVFTTool" else { return [] }
      return file.imports.filter { $0.text.hasPrefix("Foundation") }.map { file.offence($0) }
    },

    only("SVFTTensor", "Kernels", imports: "CKernels"),
    only("SVFTTensor", "", imports: "CSystem"),
    only("SVFTImages", "", imports: "CImages"),
    only("SVFTC", "", imports: "CSVFT"),

    Rule.perFile(
      "Package.swift has no unsafeFlags",
      broken: SourceFile("Package.swift", "linkerSettings: [.unsafeFlags([\"-lx\"])]"),
      kept: SourceFile("Package.swift", "// No unsafeFlags here.")
    ) { file in
      guard file.path == "Package.swift" else { return [] }
      return file.code.filter { $0.text == "unsafeFlags" }.map { file.offence($0) }
    },
  ]

  /// What each module may import of ours, from the ground up.
  static let floors: [String: Set<String>] = {
    let verbs: Set = [
      "SVFTModels", "SVFTAdapters", "SVFTText", "SVFTImages", "SVFTLayers", "SVFTFormats",
      "SVFTTensor",
    ]
    return [
      "CKernels": [],
      "CSystem": [],
      "CImages": [],
      "SVFTTensor": ["CKernels", "CSystem"],
      "SVFTFormats": ["SVFTTensor"],
      "SVFTText": ["SVFTFormats", "SVFTTensor"],
      "SVFTImages": ["SVFTFormats", "SVFTTensor", "CImages"],
      "SVFTLayers": ["SVFTTensor"],
      "SVFTModels": ["SVFTLayers", "SVFTFormats", "SVFTTensor"],
      "SVFTAdapters": ["SVFTLayers", "SVFTFormats", "SVFTTensor"],
      "SVFT": verbs,
      "SVFTC": ["SVFT", "SVFTTensor", "CSVFT"],
      "SVFTTool": ["SVFT"],
    ]
  }()
  private static let ours = Set(floors.keys).union(["CSVFT"])

  /// A rule that one C module has one door: files of `module` whose name begins with `prefix`.
  private static func only(_ module: String, _ prefix: String, imports name: String) -> Rule {
    Rule.perFile(
      "only \(module)/\(prefix)*.swift imports \(name)",
      broken: SourceFile("Sources/SVFT/Y.swift", "internal import \(name)"),
      kept: SourceFile("Sources/\(module)/\(prefix)+Y.swift", "internal import \(name)")
    ) { file in
      guard file.isSource, file.language == .swift,
        file.module != module || !file.stem.hasPrefix(prefix)
      else { return [] }
      return file.imports.filter { $0.text == name }.map { file.offence($0) }
    }
  }
}

extension SourceFile {
  /// The module names after `import`, submodules and `import func X.y` included.
  var imports: [Token] {
    guard language == .swift else { return [] }
    let code = code
    let kinds: Set = ["struct", "class", "enum", "func", "protocol", "let", "var", "typealias"]
    return code.indices.dropLast().compactMap { at in
      guard code[at].text == "import", code[at].kind == .word else { return nil }
      let name = kinds.contains(code[at + 1].text) ? at + 2 : at + 1
      return name < code.count ? code[name] : nil
    }
  }
}
