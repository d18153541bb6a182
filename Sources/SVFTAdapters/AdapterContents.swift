// What an adapter's folder holds, brought into our terms: the configuration, and the tensors under
// the names of the model's modules. PEFT's habits are undone here:
//
//   "base_model.model." in front · "base_layer." and "modules_to_save." before own tensors ·
//   an adapter's name inside ("lora_A.default.weight") · a body with or without its "bert."
//
// F16 and BF16 become F32. Every tensor must be taken by somebody: what is left over is an error.
package import SVFTFormats
import SVFTLayers
package import SVFTTensor

/// The configuration and tensors of one saved adapter.
package final class AdapterContents {
  /// The folder, for messages.
  package let path: String
  package let configuration: JSON.Object
  private let found: [NamedTensor]
  private var tensors: [String: NamedTensor] = [:]
  private var names: [String] = []
  private var modulesOfNames: [String: String] = [:]
  private var taken: Set<String> = []

  /// Reads adapter_config.json and adapter_model.safetensors.
  ///
  /// Throws `.io`, `.format`, `.truncated`, `.unsupported` for element types other than F32, F16,
  /// BF16 and I64, `.format` for tensors that were changed after they were saved.
  package init(folder path: String) throws(SVFTError) {
    self.path = path
    try Self.requireAdapter(in: path)
    let config = FileSystem.join(path, AdapterFile.configurationName)
    let text = try FileSystem.read(config)
    let own = try during(config) { () throws(SVFTError) in
      try JSON.parse(text).root("the configuration")
    }
    let tensors = FileSystem.join(path, AdapterFile.tensorsName)
    if try FileSystem.kind(tensors) == nil, let other = try TensorFile.pyTorchFile(in: path) {
      throw SVFTError(
        .io,
        "\(path): expected \(AdapterFile.tensorsName), found \(other), which is not read: convert "
          + "it to safetensors")
    }
    let file = try Safetensors(tensors, access: .copied)
    configuration = try AdapterSeal.configuration(own, of: file)
    var found: [NamedTensor] = []
    for entry in file.entries { found.append(try NamedTensor(entry, of: file)) }
    self.found = found
  }

  /// Finds the module of each tensor in a model.
  ///
  /// `.mismatch` where there is none.
  package func match(_ sites: ModelSites) throws(SVFTError) {
    let modules = ModuleNames(sites)
    (tensors, names, modulesOfNames, taken) = ([:], [], [:], [])
    for tensor in found {
      guard let (module, rest) = modules.split(tensor.name) else {
        throw SVFTError(
          .mismatch,
          "\(path): tensor \(tensor.name.debugDescription) belongs to no module of this model")
      }
      let name = "\(module).\(rest)"
      guard tensors[name] == nil else {
        throw SVFTError(.format, "\(path): there are two tensors for \(name)")
      }
      tensors[name] = NamedTensor(
        name, shape: tensor.shape, type: tensor.type, bytes: tensor.bytes)
      names.append(name)
      modulesOfNames[name] = module
    }
  }

  /// Rows of the class head that the file brings; nil where it brings none.
  package var headOutputs: Int? {
    found.first { tensor in
      let name = tensor.name
      return tensor.shape.count == 2
        && ["classifier.weight", "score.weight"].contains { name.hasSuffix($0) }
    }?.shape[0]
  }

  /// Whether there is a tensor of that name.
  package func has(_ name: String) -> Bool { tensors[name] != nil }

  /// The tensor of that name and shape.
  ///
  /// `.format` where it is missing, `.shape` where it does not fit.
  package func take(_ name: String, shape: [Int]) throws(SVFTError) -> NamedTensor {
    let tensor = try take(name)
    guard tensor.shape == shape else {
      throw SVFTError(.shape, "\(path): \(name): expected \(shape), the file has \(tensor.shape)")
    }
    return tensor
  }

  /// The tensor of that name, whatever its shape.
  ///
  /// `.format` where it is missing.
  package func take(_ name: String) throws(SVFTError) -> NamedTensor {
    guard let tensor = tensors[name] else {
      throw SVFTError(.format, "\(path): there is no tensor \(name.debugDescription)")
    }
    taken.insert(name)
    return tensor
  }

  /// Modules that have a tensor, in the order of the file.
  package var modules: [String] {
    var seen: Set<String> = []
    return names.compactMap { modulesOfNames[$0] }.filter { seen.insert($0).inserted }
  }

  /// Modules that have a tensor with one of these last parts, in the order of the file.
  package func modules(_ ends: [String]) -> [String] {
    var seen: Set<String> = []
    return names.compactMap { name in
      guard let module = modulesOfNames[name], ends.contains(where: { name == "\(module).\($0)" })
      else { return nil }
      return seen.insert(module).inserted ? module : nil
    }
  }

  /// Modules whose whole weight the file has, copies of the base left out.
  ///
  /// Where an adapter targets the head or the embedding, PEFT saves their base weights too, though
  /// nobody trained them: what "modules_to_save" does not name and equals the model's own.
  ///
  /// `.mismatch` where such a copy is of another base than the model's.
  func trainedModules(_ sites: ModelSites) throws(SVFTError) -> [String] {
    let saved =
      configuration.has("modules_to_save") ? try configuration.strings("modules_to_save") : []
    let targets = modules(["lora_A.weight"])
    var trained: [String] = []
    for module in modules(["weight"]) {
      let isSaved = saved.contains { TargetRule.names($0, module) }
      if !isSaved, try isCopy(of: module, sites) { continue }
      guard isSaved || !targets.contains(module) else {
        throw SVFTError(
          .mismatch,
          "\(path): \(module): the file has its base weight too, and it is not that of this model")
      }
      trained.append(module)
    }
    return try withoutTied(trained, sites)
  }

  /// The modules without heads that are tied to an embedding: of both the file must say the same.
  ///
  /// PEFT trains one of the two alone, and a head of its own, unless it is told to keep them tied.
  private func withoutTied(_ trained: [String], _ sites: ModelSites) throws(SVFTError) -> [String] {
    var trained = trained
    for head in sites.heads where "\(head.name).weight" != head.weight.name {
      let (own, shared) = ("\(head.name).weight", head.weight.name)
      guard trained.contains(head.name) || trained.contains(head.weight.module) else { continue }
      let isOfPEFT = try configuration.string("peft_type") == LoRA.fileType
      let ties = try configuration.bool("ensure_weight_tying", default: !isOfPEFT)
      let agree =
        try tensors[own].map { (tensor) throws(SVFTError) in
          try tensors[shared].map { (other) throws(SVFTError) in
            try tensor.floats().elementsEqual(other.floats())
          } ?? false
        } ?? ties
      guard agree else {
        throw SVFTError(
          .unsupported,
          "\(path): expected \(head.weight.module) and \(head.name) to be trained as the one "
            + "matrix that they are in this model (PEFT: ensure_weight_tying), found one of them "
            + "changed without the other")
      }
      trained.removeAll { $0 == head.name }
      if tensors[own] != nil { taken.insert(own) }
    }
    return trained
  }

  /// Whether the file's weight of a module is the model's, but for the rounding of formats; it is
  /// taken then.
  private func isCopy(of module: String, _ sites: ModelSites) throws(SVFTError) -> Bool {
    let name = "\(module).weight"
    let slot =
      sites.projections.first { $0.name == module }?.weight ?? sites.slots.first { $0.name == name }
    guard let slot, let tensor = tensors[name], tensor.shape == slot.shape else { return false }
    guard !MemoryLedger.isRehearsing else { return true }
    let values = try tensor.floats()
    let width = slot.weight.columns
    let row = try Buffer(of: Float.self, count: width)
    defer { withExtendedLifetime((row, tensor)) {} }
    let own = row.values(Float.self)
    guard let start = own.baseAddress else { return false }
    var (difference, magnitude) = (0.0, 0.0)
    for index in 0..<slot.weight.rows {
      let stored = slot.stored(index)
      slot.weight.decode(rows: stored..<stored + 1, into: start)
      for column in 0..<width {
        let gap = Double(values[index * width + column]) - Double(own[column])
        difference += gap * gap
        magnitude += Double(own[column]) * Double(own[column])
      }
    }
    // Rounding to 4 bits costs about a tenth of a weight, to 16 bits less than a hundredth.
    let share = slot.weight.format.blockLength > 1 ? 0.15 : 0.01
    guard difference <= share * share * magnitude else { return false }
    taken.insert(name)
    return true
  }

  /// Throws `.format` with the names of tensors that nobody took.
  package func requireAllTaken() throws(SVFTError) {
    let extra = names.filter { !taken.contains($0) }
    guard let first = extra.first else { return }
    let more = extra.count > 1 ? " and \(extra.count - 1) more" : ""
    throw SVFTError(
      .format, "\(path): tensor \(first.debugDescription)\(more) has no place in this adapter")
  }
}

extension NamedTensor {
  /// A tensor of a file, F16 and BF16 decoded to F32.
  fileprivate init(_ entry: TensorEntry, of file: Safetensors) throws(SVFTError) {
    let bytes = try file.bytes(entry.name)
    if entry.type.name == "I64" || entry.type.name == "F32" {
      let copy = try Buffer(byteCount: bytes.byteCount)
      copy.pointer.copyMemory(from: bytes.pointer, byteCount: bytes.byteCount)
      self.init(entry.name, shape: entry.shape, type: entry.type.name, bytes: copy)
      return
    }
    let formats = ElementFormats.all.filter { $0.blockLength == 1 }
    guard let format = formats.first(where: { $0.name == entry.type.name }) else {
      throw SVFTError(
        .unsupported,
        "\(file.path): \(entry.name): expected F32, F16, BF16 or I64, found \(entry.type.name)")
    }
    let count = try Checked.product(entry.shape, entry.name)
    let values = try Buffer(of: Float.self, count: count)
    format.decode(
      bytes.pointer, count: count, into: values.pointer.assumingMemoryBound(to: Float.self))
    self.init(entry.name, shape: entry.shape, type: "F32", bytes: values)
  }
}
