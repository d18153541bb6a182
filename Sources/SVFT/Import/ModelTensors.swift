// The tensors of a loaded model by the names that changes of them have: "<module>.weight" for every
// linear module, and every other tensor by its own name. Names of other tools are brought into ours
// here: PEFT's prefixes, a body's prefix left out, the names of GGUF files.
import SVFTAdapters
import SVFTLayers
import SVFTModels
import SVFTTensor

/// What of a model can change.
struct ModelTensors {
  let sites: ModelSites
  private let architecture: any Architecture
  private let modules: ModuleNames
  private var slots: [String: Slot] = [:]
  private var projections: [String: Projection] = [:]

  /// The tensors of `model` with a class head.
  init(_ model: Model, _ classes: Classes) {
    sites = model.sites(with: classes)
    architecture = model.network.architecture
    modules = ModuleNames(sites)
    for slot in classes.loaded.storedSlots + sites.slots { slots[slot.name] = slot }
    for projection in sites.projections {
      projections["\(projection.name).weight"] = projection
      slots["\(projection.name).weight"] = projection.weight
    }
  }

  /// The tensor of that name.
  func slot(_ name: String) -> Slot? { slots[name] }
  /// The linear module whose weight has that name.
  func projection(_ name: String) -> Projection? { projections[name] }
  /// Whether the tensor is the weight of a head.
  func isHead(_ name: String) -> Bool {
    projections[name].map { one in sites.heads.contains { $0 === one } } ?? false
  }

  /// Our name of a tensor that a file calls `foreign`, and the order of its rows there; nil where
  /// the model has none.
  func resolve(_ foreign: String) -> (name: String, rowOrder: RowOrder)? {
    if let (module, rest) = modules.split(foreign), slots["\(module).\(rest)"] != nil {
      return ("\(module).\(rest)", .canonical)
    }
    let names = type(of: architecture).tensorNames.canonical(gguf: foreign)
    guard let name = names.first(where: { slots[$0] != nil }) else { return nil }
    return (name, architecture.ggufLayout(name).rowOrder)
  }

  /// Whether a file's tensor is a table of constants, which nobody changes.
  func isConstant(_ foreign: String) -> Bool {
    type(of: architecture).tensorNames.isConstant(foreign)
  }
}

extension Slot {
  /// ‖W‖² of the frozen tensor.
  func energy() throws(SVFTError) -> Double {
    let width = weight.columns
    let row = try DeltaMatrix(rows: 1, columns: width)
    return try row.withValues { (values) throws(SVFTError) in
      var sum = 0.0
      for index in 0..<weight.rows {
        weight.decode(rows: index..<index + 1, into: values)
        sum += Kernels.sumOfSquares(values, count: width)
      }
      return sum
    }
  }

  /// The frozen tensor, canonical order; a vector is one row.
  func canonical() throws(SVFTError) -> DeltaMatrix {
    let matrix = try DeltaMatrix(rows: weight.rows, columns: weight.columns)
    try matrix.withValues { (values) throws(SVFTError) in
      decodeCanonical(rows: 0..<weight.rows, into: values)
    }
    return matrix
  }
}
