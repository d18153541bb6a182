// What of a model adapters can act on, and the rule that picks some of it by name.
//
// The rule is PEFT's: a target names a module if it equals the module's name or a dotted end of it
// ("q_proj", "self_attn.q_proj"); "all-linear" is every projection that is no head. A rule that
// picks nothing is an error that says which ends there are, and so is a name among others that
// names nothing: it is misspelt.
package import SVFTLayers
package import SVFTTensor

/// The linear modules and tensors of one model, heads included.
package struct ModelSites {
  /// Every linear module in the order of the computation, heads included.
  package let projections: [Projection]
  /// Those of them that give logits, classes or scores.
  package let heads: [Projection]
  /// Every tensor, each once.
  package let slots: [Slot]
  /// Patterns that adapters of the model have already.
  package let patterns: PatternStore
  package let aliases: ModuleAliases

  /// `slots` may leave out tensors of projections; they are added.
  package init(
    projections: [Projection], heads: [Projection], slots: [Slot],
    patterns: PatternStore = PatternStore(), aliases: ModuleAliases = ModuleAliases()
  ) {
    self.patterns = patterns
    self.aliases = aliases
    var modules: Set<ObjectIdentifier> = []
    self.projections = (projections + heads).filter {
      modules.insert(ObjectIdentifier($0)).inserted
    }
    self.heads = heads
    var tensors: Set<ObjectIdentifier> = []
    let all = slots + self.projections.flatMap { [$0.weight, $0.bias].compactMap { $0 } }
    self.slots = all.filter { tensors.insert(ObjectIdentifier($0)).inserted }
  }

  /// Whether a module is a head.
  func isHead(_ projection: Projection) -> Bool { heads.contains { $0 === projection } }

  /// The projections that `rule` picks, in the order of the computation.
  ///
  /// `.mismatch` where none is.
  package func projections(_ rule: TargetRule) throws(SVFTError) -> [Projection] {
    try require(rule, among: projections.map(\.name))
    let found = projections.filter { picks(rule, $0.name, isHead: isHead($0)) }
    guard found.isEmpty else { return found }
    throw nothingFound("\(rule)", projections.map(\.name))
  }

  /// The tensors whose module `rule` picks.
  ///
  /// `.mismatch` where none is.
  package func slots(_ rule: TargetRule) throws(SVFTError) -> [Slot] {
    try require(rule, among: slots.map(\.module))
    let found = slots.filter { picks(rule, $0.module, isHead: false) }
    guard found.isEmpty else { return found }
    throw nothingFound("\(rule)", slots.map(\.module))
  }

  /// Whether `rule` means a module, by any of its names.
  package func picks(_ rule: TargetRule, _ module: String, isHead: Bool) -> Bool {
    spellings(module).contains { rule.picks($0, isHead: isHead) }
  }

  /// All names of a module.
  func spellings(_ module: String) -> [String] { [module] + [aliases[module]].compactMap { $0 } }

  /// Throws `.mismatch` for the first name of a rule that names none of `modules`.
  func require(_ rule: TargetRule, among modules: [String]) throws(SVFTError) {
    guard case .ends(let targets) = rule else { return }
    let spelled = modules.flatMap(spellings)
    for target in targets where !spelled.contains(where: { TargetRule.names(target, $0) }) {
      throw nothingFound("\(target.debugDescription), which names none", modules)
    }
  }

  private func nothingFound(_ found: String, _ names: [String]) -> SVFTError {
    SVFTError(
      .mismatch,
      "expected targets that name modules of the model, found \(found); its modules end in "
        + TargetRule.ends(of: names))
  }
}

/// Which modules an adapter acts on.
package enum TargetRule: Sendable, Equatable, CustomStringConvertible {
  /// Every linear module that is no head.
  case allLinear
  /// Every module, heads included.
  case everything
  /// Modules with one of these names, or with a name that ends in "." and one of them.
  case ends([String])

  /// Whether the module `name` is meant.
  package func picks(_ name: String, isHead: Bool) -> Bool {
    switch self {
    case .allLinear: !isHead
    case .everything: true
    case .ends(let targets): targets.contains { TargetRule.names($0, name) }
    }
  }

  /// Whether `target` equals the module's name or a dotted end of it.
  static func names(_ target: String, _ module: String) -> Bool {
    module == target || module.hasSuffix("." + target)
  }

  /// What `names` end in, each once, for messages.
  static func ends(of names: [String]) -> String {
    var ends: [String] = []
    for name in names {
      let end = String(name.split(separator: ".").last ?? "")
      if !ends.contains(end) { ends.append(end) }
    }
    return ends.joined(separator: ", ")
  }

  package var description: String {
    switch self {
    case .allLinear: "\"all-linear\""
    case .everything: "\"all\""
    case .ends(let targets) where targets.isEmpty: "an empty list"
    case .ends(let targets): targets.map(\.debugDescription).joined(separator: ", ")
    }
  }
}

extension Slot {
  /// The module the tensor belongs to: its name without the last part.
  var module: String {
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return name }
    return String(name[..<dot])
  }

  /// Where canonical row `row` of the tensor lies; a vector's rows are its elements.
  func stored(_ row: Int) -> Int { rowOrder.stored(row) }
}
