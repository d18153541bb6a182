// LoRA as PEFT saves it: <module>.lora_A.weight [r, in], <module>.lora_B.weight [out, r], and the
// keys of LoraConfig that say how to scale them. What we cannot compute (DoRA) is refused by name,
// and so are starts that changed the base (PiSSA, OLoRA): their file is not the difference to the
// model it is loaded on. fan_in_fan_out says how PEFT's base lies in memory (GPT-2's as its
// transpose); A and B are the same either way.
package import SVFTFormats
import SVFTLayers
package import SVFTTensor

extension LoRA {
  package var configuration: JSON.Object {
    var object = JSON.Object()
    object["r"] = .integer(settings.rank)
    object["lora_alpha"] = .number(settings.alpha)
    object["lora_dropout"] = .number(settings.dropout)
    object["use_rslora"] = .bool(settings.usesRootRank)
    object["init_lora_weights"] = settings.start == .gaussian ? "gaussian" : true
    object["fan_in_fan_out"] = .bool(
      sites.contains { $0.projection.weight.isTransposedInFolders })
    object["use_dora"] = false
    object["rank_pattern"] = .object(settings.rankPattern)
    object["alpha_pattern"] = .object(settings.alphaPattern)
    return object
  }

  package static func options(_ file: AdapterContents) throws(SVFTError) -> JSON.Object {
    let config = file.configuration
    for key in foreignKeys where config[key].map(isSet) == true {
      throw SVFTError(
        .unsupported,
        "\(file.path): adapters with \(key) set are not supported by method \(name): merge it into "
          + "its model with PEFT (merge_and_unload), save that and load it")
    }
    try requireUntouchedBase(config, file.path)
    var options = JSON.Object()
    let modules = file.modules(["lora_A.weight", "lora_B.weight"])
    options["targets"] = .array(modules.map { .string($0) })
    options["r"] = .integer(try config.int("r", default: 8))
    options["alpha"] = .number(try config.double("lora_alpha", default: 8))
    options["dropout"] = .number(try config.double("lora_dropout", default: 0))
    options["use_rslora"] = .bool(try config.bool("use_rslora", default: false))
    if config["init_lora_weights"] == "gaussian" { options["init"] = "gaussian" }
    for key in patternKeys where config.has(key) {
      options[key] = .object(used(try config.object(key), by: modules))
    }
    return options
  }

  /// Keys of LoraConfig that change the computation, or what is trained, unless they are absent,
  /// null, false or empty.
  private static let foreignKeys = [
    "use_dora", "use_qalora", "lora_bias", "use_bdlora", "layer_replication",
    "alora_invocation_tokens", "arrow_config", "trainable_token_indices", "target_parameters",
  ]

  private static func isSet(_ value: JSON) -> Bool {
    switch value {
    case .null, .bool(false): false
    case .array(let values): !values.isEmpty
    case .object(let members): members.count > 0
    default: true
    }
  }

  /// Values of init_lora_weights, by their beginnings, with which training began by taking from the
  /// base what A and B start as.
  private static let changingStarts = ["pissa", "olora", "corda", "lora_ga"]

  /// Throws `.unsupported` for an adapter to a base that was changed before training. Converted
  /// ones say true, like any other.
  private static func requireUntouchedBase(
    _ config: JSON.Object, _ path: String
  ) throws(SVFTError) {
    guard case .string(let start) = config["init_lora_weights"] else { return }
    let word = start.lowercased()
    let sentence =
      "\(path): init_lora_weights \(start.debugDescription) changed the base before training, and "
      + "the file has no difference to the unchanged one: "
    if changingStarts.contains(where: { word.hasPrefix($0) }) {
      throw SVFTError(
        .unsupported,
        sentence + "save it again with PEFT's path_initial_model_for_weight_conversion, which "
          + "makes plain LoRA of it")
    }
    if word == "loftq" {
      throw SVFTError(.unsupported, sentence + "merge it with PEFT and load the merged model")
    }
  }

  package func state() throws(SVFTError) -> [NamedTensor] {
    var tensors: [NamedTensor] = []
    for site in sites {
      tensors.append(try NamedTensor(site.a.name, shape: site.a.shape, type: "F32", site.a.values))
      let values = try Buffer(of: Float.self, count: site.b.count)
      if !MemoryLedger.isRehearsing {
        site.eachRow { (stored, canonical) in
          values.values(Float.self)[canonical] = site.b.values[stored]
        }
      }
      tensors.append(NamedTensor(site.b.name, shape: site.b.shape, type: "F32", bytes: values))
    }
    return tensors
  }

  package func load(_ file: AdapterContents) throws(SVFTError) {
    var found: [(a: NamedTensor, b: NamedTensor)] = []
    for site in sites {
      let a = try file.take(site.a.name, shape: site.a.shape)
      let b = try file.take(site.b.name, shape: site.b.shape)
      _ = try (a.floats(), b.floats())
      found.append((a, b))
    }
    for (site, (a, b)) in zip(sites, found) {
      _ = site.a.values.update(fromContentsOf: try a.floats())
      let values = try b.floats()
      site.eachRow { (stored, canonical) in site.b.values[stored] = values[canonical] }
    }
  }
}

extension LoRA.Factors {
  /// Pairs of places of one element of B: as stored, and in canonical order.
  fileprivate func eachRow(_ body: (_ stored: Int, _ canonical: Int) -> Void) {
    let rank = b.weight.columns
    for row in 0..<b.weight.rows {
      let stored = projection.weight.stored(row)
      for column in 0..<rank { body(stored * rank + column, row * rank + column) }
    }
  }
}
