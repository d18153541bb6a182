// An adapter in other forms, for programs that know no SVFT:
//
//   peft        LoRA in PEFT's folder: the best rank-r factors of each ΔW, B = U_r Σ_r, A = V_rᵀ
//   gguf-lora   the same in a GGUF file, as llama.cpp reads it
//   delta       each ΔW, dense, in a safetensors file
//
// Exact where ΔW has no higher rank; otherwise the share of ‖ΔW‖² that was left out is reported.
import SVFTAdapters
import SVFTModels
import SVFTFormats
import SVFTLayers
public import SVFTTensor

extension Adapter {
  /// Writes the adapter's change of every projection. `options` is a JSON object with "to" ("peft",
  /// "gguf-lora", "delta") and "rank" (0 takes the smallest rank that is exact to rounding, at most
  /// 256). Returns a JSON report. Throws `.unsupported` for methods that change more than
  /// projections.
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
      var parts: [LowRankDelta] = []
      for projection in method.projections {
        try model.gate.checkCancelled("exporting the adapter")
        parts.append(try LowRankDelta(of: method, projection, scale: scale == 0 ? 1 : scale))
      }
      if request.form == .delta { return try writeDeltas(parts, path) }
      let rank = request.rank > 0 ? request.rank : parts.map(\.exactRank).max() ?? 1
      var left = 0.0
      for part in parts { left = max(left, try part.truncate(to: rank)) }
      switch request.form {
      case .peft: try writePEFT(parts, rank, path)
      case .ggufLoRA: try writeGGUF(parts, rank, path)
      case .delta: break
      }
      return try JSON.object(
        JSON.Object([
          ("path", .string(path)), ("modules", .integer(parts.count)), ("rank", .integer(rank)),
          ("left_out", .number(left)),
        ])
      ).text(.pretty)
    }
  }

  private func writeDeltas(_ parts: [LowRankDelta], _ path: String) throws(SVFTError) -> String {
    let float = try StoredType.named("F32")
    try SafetensorsWriter.write(
      path,
      parts.map {
        OutgoingTensor(
          $0.projection.name + ".weight", [$0.rows, $0.columns], float, bytes: $0.delta)
      })
    return try JSON.object(
      JSON.Object([("path", .string(path)), ("modules", .integer(parts.count))])
    ).text(.pretty)
  }

  private func writePEFT(_ parts: [LowRankDelta], _ rank: Int, _ path: String) throws(SVFTError) {
    let float = try StoredType.named("F32")
    var tensors: [OutgoingTensor] = []
    for part in parts {
      let module = "base_model.model.\(part.projection.name)"
      tensors.append(
        OutgoingTensor("\(module).lora_A.weight", [rank, part.columns], float, bytes: part.a))
      tensors.append(
        OutgoingTensor("\(module).lora_B.weight", [part.rows, rank], float, bytes: part.b))
    }
    let task = model.network.geometry.isCausal ? "CAUSAL_LM" : "FEATURE_EXTRACTION"
    let config = JSON.Object([
      ("peft_type", "LORA"), ("task_type", .string(task)), ("inference_mode", true),
      ("base_model_name_or_path", .string(FileSystem.name(model.path))), ("r", .integer(rank)),
      ("lora_alpha", .integer(rank)), ("lora_dropout", 0.0), ("bias", "none"),
      ("fan_in_fan_out", false), ("modules_to_save", .null),
      ("target_modules", .array(parts.map { .string($0.projection.name) })),
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
    let float = try StoredType.named("F32")
    var tensors: [OutgoingTensor] = []
    for part in parts {
      let slot = part.projection.weight
      guard let name = type(of: architecture).tensorNames.gguf(part.projection.name + ".weight")
      else {
        throw SVFTError(
          .unsupported, "\(part.projection.name): this module has no name in GGUF files")
      }
      let b = try part.permutedB(rank, architecture.ggufRowOrder(slot.name))
      tensors.append(OutgoingTensor("\(name).lora_a", [rank, part.columns], float, bytes: part.a))
      tensors.append(OutgoingTensor("\(name).lora_b", [part.rows, rank], float, bytes: b))
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
