// A saved adapter as a source of changes: any folder that `svft_adapter_load` takes, PEFT's LoRA
// among them. Its base, its modules and its numbers are checked by loading it; tensors that it
// trains in full change by their difference to the base.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor

/// The changes that an adapter in a folder makes.
final class SavedAdapter: DeltaSource {
  static let name = "adapter"

  let classes: Classes?
  private let method: any AdapterMethod

  static func recognises(_ path: String) throws(SVFTError) -> Bool {
    try FileSystem.isFile(FileSystem.join(path, AdapterFile.configurationName))
  }

  init(_ path: String, _ model: Model, anyBase: Bool) throws(SVFTError) {
    let contents = try AdapterContents(folder: path)
    classes = try model.classes(savedIn: contents)
    let saved = try AdapterFile.load(
      contents, model.sites(with: classes ?? model.classes), model.factors)
    guard saved.learned == nil else {
      throw SVFTError(
        .unsupported,
        "\(path): expected an adapter that adds a change to weights, found one that trains the "
          + "scales of their blocks too: merge it into a model and import that")
    }
    method = saved.method
  }

  var names: [String] { method.places }

  func change(_ name: String) throws(SVFTError) -> WeightChange? {
    if let projection = method.projections.first(where: { "\($0.name).weight" == name }) {
      return try WeightChange(method.product(projection))
    }
    guard let standIn = method.standIns.first(where: { $0.slot.name == name }) else { return nil }
    let (slot, base) = (standIn.slot, try standIn.slot.canonical())
    let trained = try Slot(
      name: slot.name,
      weight: Weight(
        format: ElementFormats.f32, rows: slot.weight.rows, columns: slot.weight.columns,
        bytes: standIn.parameter.weight.bytes), shape: slot.shape, rowOrder: slot.rowOrder
    ).canonical()
    return WeightChange(try trained.minus(base))
  }
}

extension DeltaMatrix {
  /// This matrix less one of the same shape.
  func minus(_ other: DeltaMatrix) throws(SVFTError) -> DeltaMatrix {
    let result = try DeltaMatrix(rows: rows, columns: columns)
    try result.withValues { (to) throws(SVFTError) in
      try withValues { (a) throws(SVFTError) in
        try other.withValues { (b) throws(SVFTError) in
          for index in 0..<rows * columns { to[index] = a[index] - b[index] }
        }
      }
    }
    return result
  }
}
