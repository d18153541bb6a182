// Writes a model with its adapters merged: a Hugging Face folder that transformers opens, or a GGUF
// file that llama.cpp runs, in one file or in several.
//
// Formats follow ggml's rule: matrices get what the quantisation asked for gives them
// (Quantization.swift), vectors F32 in GGUF files and the folder's format elsewhere. What a folder
// holds in four bits is in ModelSaver+FourBits.swift.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import SVFTText

/// One act of saving.
struct ModelSaver {
  let model: Model
  let path: String
  /// What matrices are brought into; nil keeps each tensor's own format.
  let quantization: Quantization?
  private let outline: ModelOutline
  private let shardBytes: Int?
  private let importance: ColumnImportance?
  let progress: WorkProgress?

  var isGGUF: Bool { path.hasSuffix(".gguf") }

  /// Throws `.unsupported` for formats that the container cannot hold.
  init(
    _ model: Model, _ path: String, _ options: SavingOptions, _ progress: WorkProgress?
  ) throws(SVFTError) {
    self.model = model
    self.path = path
    self.progress = progress
    shardBytes = try options.maxShardSize.map { (size) throws(SVFTError) in
      try Checked.within(size, 1...Int.max, "max_shard_size")
    }
    importance = try options.calibration.map { (file) throws(SVFTError) in
      try ColumnImportance(model, file, progress)
    }
    quantization = try options.format.map { (name) throws(SVFTError) in
      try during("format") { () throws(SVFTError) in try Quantization.required(name) }
    }
    let names = type(of: model.network.architecture).tensorNames
    var shapes = model.loaded.storedSlots.map { (name: $0.name, shape: $0.shape) }
    if ModelSaver.unties(model), let head = model.network.heads.language {
      shapes.append((head.projection.name + ".weight", []))
    }
    outline = ModelOutline(
      shapes.compactMap { slot in names.gguf(slot.name).map { ($0, slot.shape) } })
    guard let format = quantization?.format, !holds(format) else { return }
    throw SVFTError(
      .unsupported,
      isGGUF
        ? "\(path): expected a format that GGUF files have, found \(format.name): name a folder "
          + "instead"
        : "\(path): expected f32, f16, bf16 or nf4 for a folder, found \(format.name): name a "
          + ".gguf file instead")
  }

  /// Whether the container has a place for matrices of that format.
  private func holds(_ format: any ElementFormat) -> Bool {
    if isGGUF { return format.ggufType != nil }
    return format.safetensorsType != nil || BitsAndBytesWriter.holds(format.name)
  }

  /// Writes everything. Returns the tensors with what survived in each, and what to open.
  func write() throws(SVFTError) -> (tensors: [MergedTensor], path: String) {
    // What a container cannot hold as a whole is said before which tensor has no name there.
    if isGGUF, let head = model.network.heads.language {
      try model.network.architecture.requireGGUFHead(isTied: head.isTied && !unties)
    }
    let metadata = isGGUF ? try model.loaded.metadata(classNames: model.classNames) : []
    let tensors = try plan()
    var outgoing: [OutgoingTensor] = []
    let watch = SavingWatch(model.gate, total: tensors.count, progress)
    for tensor in tensors {
      if let factors = importance?[tensor.merged.slot.name] { try tensor.merged.weigh(factors) }
      if let copies = try copies(of: tensor.merged, as: tensor.name) {
        outgoing += copies.prefix(1).map(watch.watching) + copies.dropFirst()
      } else {
        outgoing.append(watch.watching(try tensor.merged.outgoing(tensor.name)))
      }
    }
    guard isGGUF else {
      try writeFolder(outgoing)
      return (tensors.map(\.merged), path)
    }
    return (tensors.map(\.merged), try writeGGUF(outgoing, metadata))
  }

  /// Whether the head must be written apart from the embedding it is tied to.
  var unties: Bool { ModelSaver.unties(model) }

  private static func unties(_ model: Model) -> Bool {
    guard let head = model.network.heads.language, head.isTied else { return false }
    return !head.projection.attachments.isEmpty
  }

  private func plan() throws(SVFTError) -> [(name: String, merged: MergedTensor)] {
    let architecture = model.network.architecture
    let head = model.network.heads.language?.projection
    var result: [(name: String, merged: MergedTensor)] = []
    for slot in model.loaded.storedSlots where !isHomeless(slot) {
      let owners = model.network.projections.filter {
        $0.weight === slot && !(unties && $0 === head)
      }
      result.append((try name(slot.name), merged(slot, owners, architecture)))
    }
    if unties, let head {
      let slot = Slot(
        name: head.name + ".weight", weight: head.weight.current, shape: head.weight.shape,
        rowOrder: head.weight.rowOrder, isTransposedInFolders: head.weight.isTransposedInFolders)
      result.append((try name(slot.name), merged(slot, [head], architecture)))
    }
    return result
  }

  private func merged(
    _ slot: Slot, _ owners: [Projection], _ architecture: any Architecture
  ) -> MergedTensor {
    let format = format(of: slot)
    // bitsandbytes holds matrices as they are multiplied, whatever the family's folders do.
    let isTransposed = slot.isTransposedInFolders && !BitsAndBytesWriter.holds(format.name)
    let layout =
      isGGUF ? architecture.ggufLayout(slot.name) : FileLayout(isTransposed: isTransposed)
    return MergedTensor(
      slot, owners, format: format, layout: layout, threads: model.network.threads)
  }

  /// Whether nothing is computed with a tensor and GGUF files have no place for it.
  private func isHomeless(_ slot: Slot) -> Bool {
    let architecture = model.network.architecture
    guard isGGUF, type(of: architecture).tensorNames.gguf(slot.name) == nil,
      !model.loaded.slots.contains(where: { $0 === slot })
    else { return false }
    Log.warn("\(slot.name): GGUF files have no place for this tensor; it is left out")
    return true
  }

  private func name(_ canonical: String) throws(SVFTError) -> String {
    let names = type(of: model.network.architecture).tensorNames
    guard isGGUF else {
      return names.folder(canonical, withClasses: model.loaded.classHead != nil)
    }
    guard let name = names.gguf(canonical) else {
      throw SVFTError(.unsupported, "\(canonical): this tensor has no name in GGUF files")
    }
    return name
  }

  func format(of slot: Slot) -> any ElementFormat {
    let own = slot.weight.format
    let usual = holds(own) ? own : ElementFormats.f16
    let wanted = quantization?.format ?? usual
    guard slot.shape.count > 1 else { return isGGUF ? ElementFormats.f32 : plain(wanted) }
    if slot.shape.count > 2, wanted.blockLength > 1 { return plain(usual) }
    let addends = isGGUF ? model.network.architecture.ggufAddends : []
    if addends.contains(slot.name) { return ElementFormats.f32 }
    return quantization?.format(
      of: type(of: model.network.architecture).tensorNames.gguf(slot.name),
      columns: slot.weight.columns, in: outline) ?? usual.fitting(columns: slot.weight.columns)
  }

  private func plain(_ format: any ElementFormat) -> any ElementFormat {
    format.blockLength > 1 ? ElementFormats.f32 : format
  }

  /// The id of what was asked for, or of the format that most values are in.
  private func fileType(of tensors: [OutgoingTensor]) -> UInt32? {
    if let quantization { return quantization.fileType }
    var counts: [String: Int] = [:]
    for tensor in tensors where tensor.shape.count > 1 {
      counts[tensor.type.name, default: 0] += tensor.shape.reduce(1, &*)
    }
    let most = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }
    return most.flatMap { ElementFormats.named($0.key) }.flatMap { Quantization($0).fileType }
  }

  /// Returns the file, or the first of several.
  private func writeGGUF(
    _ tensors: [OutgoingTensor], _ own: [(key: String, value: GGUFValue)]
  ) throws(SVFTError) -> String {
    let architecture = model.network.architecture
    var metadata = own
    metadata.append(("general.name", .string(FileSystem.name(model.path))))
    if let type = fileType(of: tensors) {
      metadata.append(("general.file_type", try .uint32(Int(type))))
    }
    if let template = try ChatTemplate.text(in: model.loaded.checkpoint) {
      metadata.append((ChatTemplate.key, .string(template)))
    }
    metadata += try tokenizer()
    var extra: [OutgoingTensor] = []
    for tensor in architecture.ggufTensors {
      let values = try Buffer(of: Float.self, count: tensor.values.count)
      _ = values.values(Float.self).update(fromContentsOf: tensor.values)
      extra.append(
        OutgoingTensor(
          tensor.name, [tensor.values.count], try StoredType.named("F32"), bytes: values))
    }
    return try GGUFWriter.write(
      path, tensors + extra, metadata: metadata, partBytes: shardBytes)
  }

  private func tokenizer() throws(SVFTError) -> [(key: String, value: GGUFValue)] {
    let tokenizer = try model.tokenizer
    guard !tokenizer.isAbsent else { return [TokenizerVocabulary.absence] }
    var vocabulary = try tokenizer.vocabulary().padded(to: model.vocabularySize)
    if let id = model.network.architecture.paddingToken { vocabulary.special.padding = id }
    return try vocabulary.metadata()
      + EndTokens.metadata(model.network.endTokens, tokenizer)
  }

  private func writeFolder(_ tensors: [OutgoingTensor]) throws(SVFTError) {
    let element = elementType
    let config = try self.config(element.name)
    var stored: [OutgoingTensor] = []
    for tensor in tensors {
      stored +=
        BitsAndBytesWriter.holds(tensor.type.name)
        ? try BitsAndBytesWriter.tensors(tensor, decodedTo: element) : [tensor]
    }
    try AtomicFolder.write(path) { (folder) throws(SVFTError) in
      try SafetensorsWriter.write(
        folder: folder, stored, metadata: [("format", "pt")], shardBytes: shardBytes)
      try AtomicFile.write(
        FileSystem.join(folder, "config.json"), text: JSON.object(config).finite.text(.pretty))
      try TextFiles.write(model, to: folder)
    }
  }

  /// The model's config.json with what saving changes: element type, tying, class names.
  private func config(_ element: String) throws(SVFTError) -> JSON.Object {
    var config = try model.loaded.config(classNames: model.classNames)
    let names = ["F32": "float32", "F16": "float16", "BF16": "bfloat16"]
    // Newer files call it "dtype"; readers must not find two that differ.
    let keys = ["torch_dtype", "dtype"].filter { config.has($0) }
    for key in keys.isEmpty ? ["torch_dtype"] : keys {
      config[key] = .string(names[element] ?? "float32")
    }
    // Where the head scales, the key says that and not whose matrix it is.
    let scales = model.network.heads.language?.scale != nil
    if unties, !scales { config["tie_word_embeddings"] = false }
    try nameTokens(in: &config)
    return try withFourBits(config)
  }

  /// Says which tokens of a GGUF decoder begin, end and pad texts: transformers would take those of
  /// the family's first model, and the last one to find where a padded text ends.
  private func nameTokens(in config: inout JSON.Object) throws(SVFTError) {
    let geometry = model.network.geometry
    guard model.loaded.checkpoint.gguf != nil, geometry.isCausal, geometry.startToken == nil else {
      return
    }
    let tokenizer = try model.tokenizer
    let named = EndTokens.configuration(model.network.endTokens, tokenizer.special)
    for key in ["bos_token_id", "eos_token_id", "pad_token_id"] { config[key] = named[key] }
  }
}

/// Tells of tensors as they are written, and stops between two of them: no file is in its place
/// before the last.
private final class SavingWatch {
  private let gate: Gate
  private var reporter: ProgressReporter
  private var written = 0

  init(_ gate: Gate, total: Int, _ progress: WorkProgress?) {
    self.gate = gate
    reporter = ProgressReporter("saving", total: total, progress)
  }

  /// The same tensor, watched.
  func watching(_ tensor: OutgoingTensor) -> OutgoingTensor {
    OutgoingTensor(tensor.name, tensor.shape, tensor.type) { (sink) throws(SVFTError) in
      try self.gate.checkCancelled("saving")
      try tensor.produce(sink)
      self.written += 1
      try self.reporter.reached(self.written)
    }
  }
}
