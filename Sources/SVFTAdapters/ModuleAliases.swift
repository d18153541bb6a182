// Second names of modules: transformers 5 calls some families' modules in memory otherwise than its
// files do ("vit.layers.0.attention.q_proj" for "vit.encoder.layer.0.attention.attention.query").
// PEFT goes by memory, so adapters are written and found by those.

/// What other programs call modules, where that is not their name in files.
package struct ModuleAliases: Sendable {
  private let names: [String: String]

  /// Aliases by the names in files.
  package init(_ names: [String: String] = [:]) { self.names = names }

  /// The alias of a module; nil where it has none.
  subscript(module: String) -> String? { names[module] }

  /// A module, or a tensor of one, by the name that other programs know.
  package func spelled(_ name: String) -> String {
    guard !names.isEmpty else { return name }
    var module = Substring(name)
    while true {
      if let alias = names[String(module)] { return alias + name.dropFirst(module.count) }
      guard let dot = module.lastIndex(of: ".") else { return name }
      module = module[..<dot]
    }
  }
}
