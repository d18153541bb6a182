// An adapter in other forms, for programs that know no SVFT:
//
//   peft        LoRA in PEFT's folder: the best rank-r factors of each ΔW (LowRankDelta)
//   gguf-lora   the same in a GGUF file, as llama.cpp reads it
//   delta       each ΔW, dense, in a safetensors file
//
// Exact where ΔW has no higher rank, without a decomposition; otherwise the share of ‖ΔW‖² that was
// left out is reported. Modules are made one by one while the file is written.
import SVFTAdapters
import SVFTModels
import SVFTFormats
import SVFTLayers
public import SVFTTensor

extension Adapter {
  /// Writes the adapter's change of every projection. `options` is a JSON object with "to" ("peft",
  /// "gguf-lora", "delta") and "rank" (0 takes the smallest rank that is known to be exact, at most
  /// 256). Returns a JSON report with the share of energy that was left out. Throws `.unsupported`
  /// for methods that change more than projections.
  public func export(to path: String, options: String) throws(SVFTError) -> String {
    try model.gate.exclusively { () throws(SVFTError) in
      let request = try AdapterOptions.argument { () throws(SVFTError) in
        try ExportRequest(JSON.parse(options).root("export options"))
      }
      guard type(of: method).isAdditive, !method.projections.isEmpty else {
        throw SVFTError(
          .unsupported,
          "expected an adapter that adds to projections, found method \(type(of: method).name): "
            + "merge it into a model instead")
      }
      guard method.standIns.isEmpty else {
        throw SVFTError(
          .unsupported,
          "expected an adapter of projections alone, found one that also trains "
            + "\(method.standIns[0].slot.name): merge it into a model instead")
      }
      try requireNoScales("merge it into a model instead")
      switch request.form {
      case .peft:
        try model.requireForeign(path)
        try Model.requireNoRun(path)
      case .ggufLoRA, .delta: try model.requireForeign(file: path)
      }
      let strength = scale == 0 ? 1 : scale
      guard request.form != .delta else { return try writeDeltas(strength, path) }
      var parts: [LowRankDelta] = []
      for projection in method.projections {
        try model.gate.checkCancelled("exporting the adapter")
        parts.append(try LowRankDelta(of: method, projection, scale: strength))
      }
      let exact = min(256, max(1, parts.map(\.exactRank).max() ?? 1))
      let rank = request.rank > 0 ? request.rank : exact
      switch request.form {
      case .peft: try writePEFT(parts, rank, path)
      case .ggufLoRA: try writeGGUF(parts, rank, path)
      case .delta: break
      }
      let shares = parts.map { (key: $0.projection.name, value: JSON.number($0.leftOut)) }
      return try JSON.object(
        JSON.Object([
          ("path", .string(path)), ("modules", .integer(parts.count)), ("rank", .integer(rank)),
          ("left_out", .number(parts.map(\.leftOut).max() ?? 0)),
          ("left_out_per_module", .object(JSON.Object(shares))),
        ])
      ).text(.pretty)
    }
  }

  /// Throws `.unsupported` where the adapter has trained scales of blocks, which its ΔW lacks.
  func requireNoScales(_ advice: String) throws(SVFTError) {
    guard attached.learned != nil else { return }
    throw SVFTError(
      .unsupported,
      "expected an adapter that adds a change to weights, found one that trains the scales of "
        + "their blocks too: \(advice)")
  }

  /// Each ΔW row by row, with the hashes of what they are changes of.
  private func writeDeltas(_ strength: Float, _ path: String) throws(SVFTError) -> String {
    let float = try StoredType.named("F32")
    let method = method
    var bases = JSON.Object()
    var tensors: [OutgoingTensor] = []
    for projection in method.projections {
      let name = projection.name + ".weight"
      bases[name] = .string(model.factors.hash(projection.weight))
      tensors.append(
        OutgoingTensor(name, [projection.rows, projection.columns], float) {
          (sink) throws(SVFTError) in
          try self.model.gate.checkCancelled("exporting the adapter")
          let change = try method.change(of: projection, threads: self.model.network.threads)
          let step = 2 * ScatteredChange.pieceRows
          for first in stride(from: 0, to: projection.rows, by: step) {
            let rows = (first..<min(first + step, projection.rows)).map {
              projection.weight.rowOrder.stored($0)
            }
            let values = try DeltaMatrix(rows: rows.count, columns: projection.columns)
            try values.withValues { (target) throws(SVFTError) in
              change?.add(rows, scale: strength, to: target)
            }
            try sink.write(values.buffer)
          }
        })
    }
    try SafetensorsWriter.write(
      path, tensors,
      metadata: [(DenseDeltaFile.basesKey, try JSON.object(bases).text(.compact))])
    return try JSON.object(
      JSON.Object([("path", .string(path)), ("modules", .integer(tensors.count))])
    ).text(.pretty)
  }

  private func writePEFT(_ parts: [LowRankDelta], _ rank: Int, _ path: String) throws(SVFTError) {
    let float = try StoredType.named("F32")
    let names = parts.map { model.moduleAliases.spelled($0.projection.name) }
    var tensors: [OutgoingTensor] = []
    for (name, part) in zip(names, parts) {
      let module = "base_model.model.\(name)"
      tensors.append(
        OutgoingTensor("\(module).lora_A.weight", [rank, part.columns], float) {
          (sink) throws(SVFTError) in
          try self.model.gate.checkCancelled("exporting the adapter")
          try sink.write(part.a(rank))
        })
      tensors.append(
        OutgoingTensor("\(module).lora_B.weight", [part.rows, rank], float) {
          (sink) throws(SVFTError) in try sink.write(part.b(rank))
        })
    }
    let config = JSON.Object([
      ("peft_type", "LORA"), ("task_type", model.network.taskName()),
      ("inference_mode", true),
      ("base_model_name_or_path", .string(FileSystem.name(model.path))), ("r", .integer(rank)),
      ("lora_alpha", .integer(rank)), ("lora_dropout", 0.0), ("bias", "none"),
      ("fan_in_fan_out", .bool(parts.contains { $0.projection.weight.isTransposedInFolders })),
      ("modules_to_save", .null),
      ("target_modules", .array(names.map { .string($0) })),
    ])
    try AtomicFolder.write(path) { (folder) throws(SVFTError) in
      try AtomicFile.write(
        FileSystem.join(folder, AdapterFile.configurationName),
        text: JSON.object(config).text(.pretty))
      try SafetensorsWriter.write(
        FileSystem.join(folder, AdapterFile.tensorsName), tensors, metadata: [("format", "pt")])
    }
  }

  private func writeGGUF(_ parts: [LowRankDelta], _ rank: Int, _ path: String) throws(SVFTError) {
    let architecture = model.network.architecture
    guard architecture.geometry.grid == nil else {
      throw SVFTError(
        .unsupported,
        "\(path): expected peft or delta for a model of images, found gguf-lora, "
          + "which no reader knows for them")
    }
    let head = model.network.heads.language
    if let head, head.isTied, parts.contains(where: { $0.projection === head.projection }) {
      throw SVFTError(
        .unsupported,
        "\(head.projection.name): expected a module that a GGUF file of this model has, found the "
          + "head, which is its embedding there: export to peft, or merge it into a model")
    }
    let float = try StoredType.named("F32")
    var tensors: [OutgoingTensor] = []
    for part in parts {
      let slot = part.projection.weight
      guard let name = type(of: architecture).tensorNames.gguf(part.projection.name + ".weight")
      else {
        throw SVFTError(
          .unsupported, "\(part.projection.name): this module has no name in GGUF files")
      }
      let order = architecture.ggufLayout(slot.name).rowOrder
      tensors.append(
        OutgoingTensor("\(name).lora_a", [rank, part.columns], float) {
          (sink) throws(SVFTError) in
          try self.model.gate.checkCancelled("exporting the adapter")
          try sink.write(part.a(rank))
        })
      tensors.append(
        OutgoingTensor("\(name).lora_b", [part.rows, rank], float) {
          (sink) throws(SVFTError) in try sink.write(part.b(rank, order))
        })
    }
    try GGUFWriter.write(
      path, tensors,
      metadata: [
        ("general.architecture", .string(architecture.name)), ("general.type", .string("adapter")),
        ("adapter.type", .string("lora")), ("adapter.lora.alpha", .float32(Float(rank))),
      ])
  }
}

/// The form asked for.
private struct ExportRequest {
  enum Form: String, CaseIterable {
    case peft, ggufLoRA = "gguf-lora", delta
  }

  let form: Form
  let rank: Int

  init(_ object: JSON.Object) throws(SVFTError) {
    try object.refuseKeys(otherThan: ["to", "rank"])
    let name = try object.string("to", default: "peft")
    guard let form = Form(rawValue: name) else {
      let known = Form.allCases.map(\.rawValue).joined(separator: ", ")
      throw SVFTError(.invalidArgument, "to: expected one of \(known), found \"\(name)\"")
    }
    self.form = form
    rank = try Checked.within(object.int("rank", default: 0), 0...4096, "rank")
  }
}

extension ByteSink {
  /// Writes a buffer that nobody else may hold.
  fileprivate func write(_ buffer: Buffer) throws(SVFTError) {
    defer { withExtendedLifetime(buffer) {} }
    try write(buffer.bytes)
  }
}
