// Which entries of rank_pattern and alpha_pattern mean a module at all. One that names none is
// misspelt: the module it was for would silently get the rank or α of all others. Patterns with
// signs of their own (".*\\.0\\.q_proj") are taken at their word.
import SVFTFormats
import SVFTTensor

extension LoRA {
  /// The options that assign numbers to modules by name.
  static let patternKeys = ["rank_pattern", "alpha_pattern"]

  /// Entries of a pattern that are plain names, and name none of `modules`.
  static func idle(_ pattern: JSON.Object, among modules: [String]) -> [String] {
    pattern.keys.filter { key in
      let isPlain = !key.contains { "\\^$*+?()[]{}|".contains($0) }
      return isPlain && !modules.contains { TargetRule.names(key, $0) }
    }
  }

  /// Throws `.mismatch` for an entry that names none of `modules`.
  static func requireUse(
    of options: JSON.Object, by modules: [String]
  ) throws(SVFTError) {
    for key in patternKeys where options.has(key) {
      let idle = idle(try options.object(key), among: modules)
      guard let first = idle.first else { continue }
      throw SVFTError(
        .mismatch,
        "\(key): expected names of adapted modules, found \(first.debugDescription), which names "
          + "none; they end in \(TargetRule.ends(of: modules))")
    }
  }

  /// A pattern of a saved adapter without entries that name none of `modules`: PEFT keeps whatever
  /// it was given.
  static func used(_ pattern: JSON.Object, by modules: [String]) -> JSON.Object {
    let idle = idle(pattern, among: modules)
    return JSON.Object(pattern.members.filter { !idle.contains($0.0) }.map { ($0.0, $0.1) })
  }
}
