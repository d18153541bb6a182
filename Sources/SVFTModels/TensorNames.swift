// The names of one architecture's modules in both dialects, as one table. The last part of a
// tensor's name ("weight", "bias") is the same in both; a layer's number stands where the pattern
// has "*".
//
// Hugging Face folders drop the body's prefix ("model.", "bert.") when the body was saved without a
// head; both spellings are found, and so are names of older files. The spelling with prefix is
// canonical: hashes, adapters and exports use it.

/// The name table of an architecture: Hugging Face ↔ GGUF.
package struct TensorNames: Sendable {
  /// Prefix of the body's modules in the canonical spelling: "model.".
  package let prefix: String
  /// Prefix that folders with a class head give the body, beside or instead of the other.
  private let wrapper: String
  /// What folders of larger models, which hold this one, put in the place of `prefix`.
  package var holders: [String] = []
  private let pairs: [(canonical: String, gguf: String)]
  /// Last parts of tensors that are tables of constants, which nobody misses and nobody reports.
  private let constants: [String]
  /// Ends of tensor names, and what older files have in their place.
  private let older: [(end: String, was: String)]
  /// Modules, and what other files of folders call them.
  private let aliases: [(canonical: String, alias: String)]

  /// A table of pairs (canonical module, GGUF module).
  package init(
    prefix: String, constants: [String] = [], older: KeyValuePairs<String, String> = [:],
    _ pairs: KeyValuePairs<String, String>
  ) {
    self.init(
      prefix: prefix, constants: constants, older: older, pairs.map { ($0.key, $0.value) })
  }

  package init(
    prefix: String, wrapper: String = "", constants: [String] = [],
    older: KeyValuePairs<String, String> = [:], aliases: [(canonical: String, alias: String)] = [],
    _ pairs: [(canonical: String, gguf: String)]
  ) {
    self.aliases = aliases
    self.prefix = prefix
    self.wrapper = wrapper
    self.older = older.map { ($0.key, $0.value) }
    self.constants = constants
    self.pairs = pairs
  }

  /// The canonical modules of the table, with "*" for a layer's number.
  package var canonicalModules: [String] { pairs.map(\.canonical) }

  /// The GGUF name of a canonical tensor name; nil where it has none.
  package func gguf(_ canonical: String) -> String? {
    Self.translate(canonical, pairs.lazy.map { ($0.canonical, $0.gguf) })
  }

  /// The GGUF name of a tensor that a file of that dialect calls `name`; nil where it has none.
  package func gguf(ofFile name: String, _ dialect: Hyperparameters.Dialect) -> String? {
    guard dialect == .huggingFace else { return name }
    let bare = name.hasPrefix(wrapper) ? String(name.dropFirst(wrapper.count)) : name
    let held = holders.filter { name.hasPrefix($0) }.map { prefix + name.dropFirst($0.count) }
    let spellings = ([name, prefix + name, bare] + held).flatMap { name in
      [name, Self.translate(name, aliases.lazy.map { ($0.alias, $0.canonical) })]
    }
    return spellings.lazy.compactMap { $0 }.compactMap { gguf($0) }.first
  }

  /// The canonical names that a GGUF tensor name may stand for: none where it is unknown, two where
  /// a family's checkpoints call one matrix differently.
  package func canonical(gguf: String) -> [String] {
    pairs.compactMap { pair in
      Self.translate(gguf, CollectionOfOne((pair.gguf, pair.canonical)))
    }
  }

  /// How a tensor of that canonical name may be called in a file.
  package func spellings(_ canonical: String, _ dialect: Hyperparameters.Dialect) -> [String] {
    guard dialect == .huggingFace else { return [gguf(canonical)].compactMap { $0 } }
    let alias = Self.translate(canonical, aliases.lazy.map { ($0.canonical, $0.alias) })
    let wrapped = wrapper.isEmpty ? [] : [wrapper + canonical]
    let names =
      [canonical] + wrapped + older.compactMap { Self.replaced(canonical, $0.end, by: $0.was) }
      + [alias].compactMap { $0 }
    guard !prefix.isEmpty else { return names }
    return names.flatMap { name in
      guard name.hasPrefix(prefix) else { return [name] }
      let bare = String(name.dropFirst(prefix.count))
      return [name, bare] + holders.map { $0 + bare }
    }
  }

  /// Those of canonical modules that other programs call otherwise in memory, with what they do.
  package func aliases(of modules: [String]) -> [String: String] {
    let kind = ".weight"
    let pairs = modules.compactMap { module in
      Self.translate(module + kind, aliases.lazy.map { ($0.canonical, $0.alias) })
        .map { (module, String($0.dropLast(kind.count))) }
    }
    return Dictionary(pairs) { first, _ in first }
  }

  /// How a tensor is called in a folder that is written, with a class head or without.
  package func folder(_ canonical: String, withClasses: Bool) -> String {
    let isOfBody = gguf(canonical).map { !$0.hasPrefix("cls") } ?? true
    return withClasses && isOfBody ? wrapper + canonical : canonical
  }

  private static func replaced(_ name: String, _ end: String, by other: String) -> String? {
    name.hasSuffix(end) ? name.dropLast(end.count) + other : nil
  }

  /// Whether a tensor of the file is a table of constants.
  package func isConstant(_ name: String) -> Bool {
    constants.contains { name == $0 || name.hasSuffix("." + $0) }
  }

  private static func translate(
    _ name: String, _ pairs: some Sequence<(String, String)>
  ) -> String? {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count > 1, let kind = parts.popLast() else { return nil }
    var layer: String?
    if let place = parts.firstIndex(where: { !$0.isEmpty && $0.utf8.allSatisfy(isDigit) }) {
      layer = parts[place]
      parts[place] = "*"
    }
    let pattern = parts.joined(separator: ".")
    guard let (_, other) = pairs.first(where: { $0.0 == pattern }) else { return nil }
    let translated = other.split(separator: ".").map { $0 == "*" ? layer ?? "*" : String($0) }
    return (translated + [kind]).joined(separator: ".")
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}
