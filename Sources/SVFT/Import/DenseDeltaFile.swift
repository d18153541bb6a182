// A file of dense changes: <module>.weight [out, in] for each matrix, <module>.bias and norms as
// vectors; in safetensors as `export` writes them, or by another tool under names that our model's
// modules have in either dialect. Tensors under GGUF names have the rows of GGUF files.
//
// Our own files carry svft_bases in their metadata: the hash of each base tensor.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor

/// Dense changes in a file.
final class DenseDeltaFile: DeltaSource {
  static let name = "delta"
  /// The entry of the metadata with the hashes of the base.
  static let basesKey = "svft_bases"

  private let file: any TensorSource
  private let tensors: ModelTensors
  private var entries: [String: (entry: TensorEntry, rowOrder: RowOrder)] = [:]
  private(set) var names: [String] = []

  static func recognises(_ path: String) throws(SVFTError) -> Bool { true }

  init(_ path: String, _ model: Model, anyBase: Bool) throws(SVFTError) {
    file = try TensorFile.open(path)
    tensors = ModelTensors(model, model.classes)
    for entry in file.entries where !tensors.isConstant(entry.name) {
      let place = "\(path): \(entry.name)"
      guard let (name, order) = tensors.resolve(entry.name), let slot = tensors.slot(name) else {
        throw SVFTError(
          .mismatch, "\(place): expected the change of a tensor of this model, found another name")
      }
      guard entries[name] == nil else {
        throw SVFTError(.format, "\(place): expected one change of \(name), found two")
      }
      guard entry.shape == slot.shape else {
        throw SVFTError(
          .shape, "\(place): expected a change of \(slot.shape), found \(entry.shape)")
      }
      guard entry.format != nil else {
        throw SVFTError(
          .unsupported,
          "\(place): expected an element type that is computed with, found "
            + entry.type.name)
      }
      entries[name] = (entry, order)
      names.append(name)
    }
    if !anyBase { try requireBase(model) }
  }

  /// Throws `.mismatch` where the file says that it belongs to another base.
  private func requireBase(_ model: Model) throws(SVFTError) {
    guard let text = file.description.first(where: { $0.key == Self.basesKey })?.value else {
      return
    }
    let place = "\(file.path): \(Self.basesKey)"
    let bases = try during(place) { () throws(SVFTError) in
      try JSON.parse(text).root("the metadata")
    }
    for name in names {
      guard bases.has(name), let slot = tensors.slot(name) else { continue }
      let (expected, found) = (try bases.string(name), model.factors.hash(slot))
      guard expected == found else {
        throw SVFTError(
          .mismatch,
          "\(file.path): \(name) is the change of another base: expected \(expected.prefix(12))…, "
            + "this model has \(found.prefix(12))…; any_base takes it all the same")
      }
    }
  }

  func change(_ name: String) throws(SVFTError) -> WeightChange? {
    guard let (entry, order) = entries[name], let slot = tensors.slot(name),
      let format = entry.format
    else { return nil }
    let stored = try DeltaMatrix(rows: slot.weight.rows, columns: slot.weight.columns)
    let bytes = try file.bytes(entry.name)
    let count = stored.rows * stored.columns
    try stored.withValues { (values) throws(SVFTError) in
      format.decode(bytes.pointer, count: count, into: values)
      guard Kernels.allFinite(values, count: count) else {
        throw SVFTError(
          .nonFinite, "\(file.path): \(entry.name): expected finite numbers, found others")
      }
    }
    withExtendedLifetime(bytes) {}
    return WeightChange(try stored.canonical(from: order, isVector: slot.shape.count == 1))
  }
}

extension DeltaMatrix {
  /// The same rows (the same elements, of a vector) in canonical order.
  func canonical(from order: RowOrder, isVector: Bool = false) throws(SVFTError) -> DeltaMatrix {
    guard order != .canonical else { return self }
    let result = try DeltaMatrix(rows: rows, columns: columns)
    let (count, width) = isVector ? (columns, 1) : (rows, columns)
    try result.withValues { (to) throws(SVFTError) in
      try withValues { (from) throws(SVFTError) in
        for row in 0..<count {
          (to + row * width).update(from: from + order.stored(row) * width, count: width)
        }
      }
    }
    return result
  }
}
