// The kinds of a model's linear modules, from their names alone: modules whose names differ in
// numbers only are of one kind.
//
//   model.layers.3.self_attn.q_proj   is of the kind   model.layers.*.self_attn.q_proj
//                                     called           q_proj
//
// Attention are the modules of a layer that lie in something called attention (self_attn, attn,
// SelfAttention …), MLP the others of the layers. Where a name does not say so, there are no such
// groups: no family is known here.

/// Modules that are adapted together.
package struct ModuleGroup: Equatable, Sendable {
  /// What people call it.
  package let name: String
  /// Full names, in the order of the computation.
  package let modules: [String]
}

/// The kinds there are among modules.
package struct ModuleKinds: Sendable {
  /// One group per kind, in the order in which they first come.
  package let kinds: [ModuleGroup]
  /// Attention, the rest of the layers, all modules; without those that cannot be told or are
  /// equal to one before.
  package let unions: [ModuleGroup]

  /// The kinds of modules of these full names.
  package init(_ modules: [String]) {
    var paths: [ModulePath] = []
    var members: [String: [String]] = [:]
    for module in modules {
      let path = ModulePath(module)
      if members[path.kind] == nil { paths.append(path) }
      members[path.kind, default: []].append(module)
    }
    let kinds = paths.map { path in
      ModuleGroup(name: path.name(among: paths), modules: members[path.kind] ?? [])
    }
    let attention = modules.filter { ModulePath($0).isAttention }
    let others = modules.filter { ModulePath($0).layer != nil && !ModulePath($0).isAttention }
    let halves =
      attention.isEmpty || others.isEmpty ? [] : [("attention", attention), ("mlp", others)]
    var unions: [ModuleGroup] = []
    for (name, modules) in halves + [("all", modules)]
    where !(kinds + unions).contains(where: { $0.modules == modules }) {
      unions.append(ModuleGroup(name: name, modules: modules))
    }
    self.kinds = kinds
    self.unions = unions
  }

  /// All groups.
  package var groups: [ModuleGroup] { kinds + unions }
}

/// The name of a module in parts.
private struct ModulePath {
  /// The parts with "*" for each number.
  private let parts: [String]
  /// The place of the first number: the layer's.
  let layer: Int?

  init(_ module: String) {
    parts = module.split(separator: ".").map { part in
      part.utf8.allSatisfy { (48...57).contains($0) } ? "*" : String(part)
    }
    layer = parts.firstIndex(of: "*")
  }

  /// What modules of one kind share.
  var kind: String { parts.joined(separator: ".") }

  /// The last parts, `count` of them.
  private func end(_ count: Int) -> String { parts.suffix(count).joined(separator: ".") }

  /// The name within its layer.
  private var inLayer: String { end(parts.count - (layer.map { $0 + 1 } ?? 0)) }

  /// Whether one of the parts above the last says attention.
  var isAttention: Bool {
    guard let layer else { return false }
    return parts[(layer + 1)...].dropLast().contains { part in
      let word = part.lowercased()
      return word.contains("attn") || word.contains("attention")
    }
  }

  /// The shortest end that no other kind has, or the name within the layer if no other kind's is
  /// that (the module output.dense, beside one attention.output.dense).
  func name(among paths: [ModulePath]) -> String {
    let others = paths.filter { $0.kind != kind }
    for count in 1..<max(2, parts.count) {
      let end = end(count)
      if !others.contains(where: { $0.end(count) == end }) { return end }
      if end == inLayer, !others.contains(where: { $0.inLayer == end }) { return end }
    }
    return kind
  }
}
