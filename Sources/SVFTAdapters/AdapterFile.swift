// An adapter as a folder in PEFT's shape: adapter_config.json and adapter_model.safetensors, keys
// "base_model.model.<module>.<tensor>". LoRA goes into PEFT and comes from it; other methods use
// the same shape under types of their own, so that nobody takes them for LoRA. Rows are in
// canonical order.
//
// Reading what is there: AdapterContents. Method-specific tensors: the methods' own files.
package import SVFTFormats
import SVFTLayers
package import SVFTTensor

/// Saved adapters.
package enum AdapterFile {
  /// What it is: type, options, base, labels.
  package static let configurationName = "adapter_config.json"
  /// The trained numbers.
  package static let tensorsName = "adapter_model.safetensors"

  /// Writes a method with the options it was made with into a folder, which is made if need be;
  /// each file appears whole, the tensors last. Each knows the other (AdapterSeal.swift), so that
  /// what a killed process left between the two is recognised.
  ///
  /// Throws `.nonFinite` and writes nothing where a number is none; `.io`, `.noSpace`.
  package static func save(
    _ method: any AdapterMethod, _ options: JSON.Object, to folder: String,
    with company: Company = Company()
  ) throws(SVFTError) {
    let tensors = try tensors(method, with: company)
    var config = configuration(method, options, company)
    let seal = try AdapterSeal(of: tensors)
    let metadata = try seal.metadata(config)
    config[AdapterSeal.key] = .string(seal.sha256)
    try FileSystem.makeFolder(folder)
    try AtomicFile.write(
      FileSystem.join(folder, configurationName), text: JSON.object(config).text(.pretty) + "\n")
    var outgoing: [OutgoingTensor] = []
    for tensor in tensors {
      outgoing.append(
        OutgoingTensor(tensor.name, tensor.shape, try .named(tensor.type), bytes: tensor.bytes))
    }
    try SafetensorsWriter.write(
      FileSystem.join(folder, tensorsName), outgoing, metadata: [("format", "pt")] + metadata)
  }

  /// What is saved with a method.
  package struct Company {
    /// Further entries of the configuration (task, base, labels).
    package var entries = JSON.Object()
    /// Further tensors.
    package var tensors: [NamedTensor] = []
    /// What PEFT finds modules by, where it is not our name.
    package var aliases = ModuleAliases()

    package init() {}
  }

  /// Everything to be saved, with the keys of the file.
  package static func tensors(
    _ method: any AdapterMethod, with company: Company = Company()
  ) throws(SVFTError) -> [NamedTensor] {
    func renamed(_ tensor: NamedTensor, _ name: String) -> NamedTensor {
      tensor.renamed("base_model.model." + company.aliases.spelled(name))
    }
    let wrapped = Set(method.projections.map { "\($0.name).bias" })
    var tensors: [NamedTensor] = []
    for tensor in try method.state() + company.tensors {
      tensors.append(renamed(tensor, tensor.name))
    }
    for standIn in method.standIns {
      let tensor = try standIn.filed()
      // PEFT wraps an adapted module, whose own bias then is one level deeper.
      let isWrapped = wrapped.contains(tensor.name)
      let name = isWrapped ? "\(standIn.slot.module).base_layer.bias" : tensor.name
      tensors.append(renamed(tensor, name))
      // PEFT keeps what is tied together so, under both names.
      guard type(of: method).isAdditive else { continue }
      for tied in standIn.tiedNames { tensors.append(renamed(tensor, tied)) }
    }
    guard !MemoryLedger.isRehearsing else { return tensors }
    for tensor in tensors where tensor.type == "F32" { _ = try tensor.floats() }
    return tensors
  }

  private static func configuration(
    _ method: any AdapterMethod, _ options: JSON.Object, _ company: Company
  ) -> JSON.Object {
    func spelled(_ modules: [String]) -> JSON {
      .array(modules.map { .string(company.aliases.spelled($0)) })
    }
    var config = JSON.Object()
    config["peft_type"] = .string(type(of: method).fileType)
    config["inference_mode"] = true
    config["target_modules"] = spelled(method.projections.map(\.name))
    // Both follow from what is trained, not from how it was asked for: an adapter that was loaded
    // and saved again has the same file.
    let saved = savedModules(method)
    config["bias"] = .string(biasWord(method, options, beside: saved))
    config["modules_to_save"] = saved.isEmpty ? .null : spelled(saved)
    if type(of: method).isAdditive, method.standIns.contains(where: { !$0.tiedNames.isEmpty }) {
      config["ensure_weight_tying"] = true
    }
    for (key, value) in method.configuration.members { config[key] = value }
    for (key, value) in company.entries.members { config[key] = value }
    return config
  }

  /// PEFT's word for our option "bias".
  private static func biasWord(
    _ method: any AdapterMethod, _ options: JSON.Object, beside saved: [String]
  ) -> String {
    let biases = method.standIns.filter {
      $0.slot.name.hasSuffix(".bias") && !saved.contains($0.slot.module)
    }
    guard type(of: method).isAdditive, !biases.isEmpty else { return "none" }
    return switch options["bias"] {
    case .string("all"): "all"
    case .string("targets"): "lora_only"
    default: "none"
    }
  }

  /// Modules trained in full beside an additive method, biases of other modules left out.
  private static func savedModules(_ method: any AdapterMethod) -> [String] {
    guard type(of: method).isAdditive else { return [] }
    var modules: [String] = []
    for standIn in method.standIns {
      let module = standIn.slot.module
      let isWhole = standIn.slot.name.hasSuffix(".weight")
      if isWhole, !modules.contains(module) { modules.append(module) }
    }
    return modules
  }
}

extension AdapterFile {
  /// Makes the method of a saved adapter for a model and fills it.
  ///
  /// Gives the options that make the same method fresh, and the scales of rounded weights where
  /// they were trained.
  ///
  /// Throws `.mismatch` (another base or model), `.format` and `.shape` (missing, extra or
  /// misshapen tensors, by name), `.nonFinite`, `.unsupported`.
  package static func load(
    _ contents: AdapterContents, _ sites: ModelSites, _ factors: FactorStore
  ) throws(SVFTError) -> Loaded {
    do throws(SVFTError) {
      return try read(contents, sites, factors)
    } catch {
      // What an option may be, the file should have known.
      let kind = error.kind == .invalidArgument ? .format : error.kind
      let names = error.message.hasPrefix(contents.path)
      throw SVFTError(kind, names ? error.message : "\(contents.path): \(error.message)")
    }
  }

  private static func read(
    _ contents: AdapterContents, _ sites: ModelSites, _ factors: FactorStore
  ) throws(SVFTError) -> Loaded {
    let config = contents.configuration
    // A type that nobody here knows explains its tensors better than they do.
    let type = try AdapterMethods.ofFile(try config.string("peft_type"))
    try contents.match(sites)
    var options = try type.options(contents)
    options["method"] = .string(type.name)
    _ = try QuantizationAwareness.read(config, into: &options)
    try takeExtras(contents, sites, type, &options)
    let method = try type.init(AdapterOptions(.object(options)), sites, factors)
    try requireTargets(contents, method, sites)
    try method.load(contents)
    for standIn in method.standIns {
      _ = try contents.take(standIn.slot.name, shape: standIn.filedShape).floats()
    }
    let learned = try LearnedScales.read(contents, options, method)
    try contents.requireAllTaken()
    for standIn in method.standIns { try standIn.load(filed: contents.take(standIn.slot.name)) }
    method.refresh(threads: factors.threads)
    return (method, options, learned)
  }

  /// A saved adapter in memory.
  package typealias Loaded = (
    method: any AdapterMethod, options: JSON.Object, learned: LearnedScales?
  )

  /// Options for the tensors trained beside an additive method: what is in the file decides.
  private static func takeExtras(
    _ contents: AdapterContents, _ sites: ModelSites, _ type: any AdapterMethod.Type,
    _ options: inout JSON.Object
  ) throws(SVFTError) {
    guard type.isAdditive else { return }
    let whole = try contents.trainedModules(sites)
    if !whole.isEmpty { options["modules_to_save"] = .array(whole.map { .string($0) }) }
    let biases = contents.modules(["bias"]).filter { !whole.contains($0) }
    guard !biases.isEmpty else { return }
    let isAll = try contents.configuration.string("bias", default: "none") == "all"
    options["bias"] = isAll ? "all" : "targets"
  }

  /// Throws `.format` where a module that the configuration targets has no tensors.
  private static func requireTargets(
    _ contents: AdapterContents, _ method: any AdapterMethod, _ sites: ModelSites
  ) throws(SVFTError) {
    let config = contents.configuration
    let narrowing = ["layers_to_transform", "exclude_modules", "layers_pattern"]
    guard !method.projections.isEmpty, case .array = config["target_modules"],
      !narrowing.contains(where: { config.has($0) })
    else { return }
    let names = method.projections.flatMap { sites.spellings($0.name) }
    for target in try config.strings("target_modules") {
      guard !names.contains(where: { TargetRule.names(target, $0) || target.hasSuffix("." + $0) })
      else { continue }
      guard contents.modules(["lora_embedding_A"]).isEmpty else {
        throw SVFTError(
          .unsupported,
          "\(contents.path): expected LoRA of linear modules, found it on the embedding "
            + "\(target.debugDescription): train it in full (modules_to_save), or merge with PEFT")
      }
      throw SVFTError(
        .format, "\(contents.path): there are no tensors for the target \(target.debugDescription)")
    }
  }
}
