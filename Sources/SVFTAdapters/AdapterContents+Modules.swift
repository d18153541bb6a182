// Finding a model's module in the key of an adapter file, across the spellings that are in use.
import SVFTLayers

/// The names of a model's modules, looked up by the keys of a file.
package struct ModuleNames {
  /// Modules by every name in full.
  private var modules: [String: String] = [:]
  /// Modules by a name without its first part; nil where two share it.
  private let withoutPrefix: [String: String?]

  package init(_ sites: ModelSites) {
    for module in sites.slots.map(\.module) + sites.projections.map(\.name) {
      for name in sites.spellings(module) { modules[name] = module }
    }
    var shorter: [String: String?] = [:]
    for (name, module) in modules {
      guard let short = Self.dropFirst(name) else { continue }
      shorter[short] = shorter[short] == nil ? .some(module) : .some(nil)
    }
    withoutPrefix = shorter
  }

  /// The module and the rest of a key, in this model's spelling; nil where no module fits.
  package func split(_ key: String) -> (module: String, rest: String)? {
    let prefix = "base_model.model."
    let name = key.hasPrefix(prefix) ? String(key.dropFirst(prefix.count)) : key
    // So transformers calls a decoder within a model that sees pictures too.
    let held = "model.language_model."
    let parts = (name.hasPrefix(held) ? "model." + name.dropFirst(held.count) : name)
      .split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    for count in stride(from: parts.count - 1, to: 0, by: -1) {
      guard let module = find(parts[..<count].joined(separator: ".")) else { continue }
      return (module, Self.rest(Array(parts[count...])))
    }
    return nil
  }

  private func find(_ name: String) -> String? {
    if let module = modules[name] { return module }
    // A body's prefix is one word: "bert.encoder…" and "encoder…" are the same module.
    if let short = Self.dropFirst(name), let module = modules[short] { return module }
    return withoutPrefix[name] ?? nil
  }

  private static func dropFirst(_ name: String) -> String? {
    guard let dot = name.firstIndex(of: ".") else { return nil }
    return String(name[name.index(after: dot)...])
  }

  /// "base_layer.bias" → "bias", "lora_A.default.weight" → "lora_A.weight".
  private static func rest(_ parts: [String]) -> String {
    var parts = parts
    if parts.count > 1, parts[0] == "base_layer" { parts.removeFirst() }
    if parts.count > 1, parts[0] == "modules_to_save" {
      parts.removeFirst()
      if parts.count > 1 { parts.removeFirst() }
    }
    if parts.count == 3, parts[0].hasPrefix("lora_") { parts.remove(at: 1) }
    return parts.joined(separator: ".")
  }
}
