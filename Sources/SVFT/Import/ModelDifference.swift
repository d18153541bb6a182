// The difference of another model of the same architecture to this one, ΔW = W_other − W. Both are
// decoded to F32 row by row, whatever their formats and containers; one pass over all tensors says
// which differ and by how much, before the first difference is made.
//
// A head that is tied in both is the embedding, under whose name it is listed.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor

/// What another model has changed.
final class ModelDifference: DeltaSource {
  static let name = "model"

  private let own: ModelTensors
  private let others: [String: Slot]
  private var energies: [String: Double] = [:]
  private(set) var names: [String] = []
  /// Tensors of the other model that this one does not have.
  private let strangers: [String]

  static func recognises(_ path: String) throws(SVFTError) -> Bool {
    if try FileSystem.isFolder(path) {
      return try FileSystem.isFile(FileSystem.join(path, "config.json"))
    }
    return try TensorFile.isGGUF(path)
  }

  init(_ path: String, _ model: Model, anyBase: Bool) throws(SVFTError) {
    let checkpoint = try Checkpoint(path)
    let architecture = model.network.architecture
    guard checkpoint.family == type(of: architecture) else {
      throw SVFTError(
        .mismatch,
        "\(path): expected a model of the family \(architecture.name), found one of "
          + (checkpoint.family.names.first ?? ""))
    }
    let other = try checkpoint.load()
    let base = model.ownClasses
    let own = ModelTensors(model, base)
    self.own = own
    var slots: [String: Slot] = [:]
    for projection in other.projections { slots["\(projection.name).weight"] = projection.weight }
    for slot in other.storedSlots { slots[slot.name] = slot }
    others = slots
    var known = base.loaded.storedSlots.map(\.name)
    // A head of the other's own is a change of the one that is tied here.
    let listed = Set(known)
    known += other.storedSlots.map(\.name).filter { !listed.contains($0) && own.slot($0) != nil }
    strangers = other.storedSlots.map(\.name).filter { own.slot($0) == nil } + other.unused
    for name in known {
      try model.gate.checkCancelled("comparing models")
      let energy = try during("\(path): \(name)") { () throws(SVFTError) in
        try squaredDistance(name)
      }
      guard energy > 0 else { continue }
      energies[name] = energy
      names.append(name)
    }
  }

  var meansHeads: Bool { false }

  var notes: [(key: String, value: JSON)] {
    strangers.isEmpty
      ? [] : [("only_there", .array(strangers.map { .string($0) }))]
  }

  func energy(_ name: String) throws(SVFTError) -> Double { energies[name] ?? 0 }

  func change(_ name: String) throws(SVFTError) -> WeightChange? {
    let (base, other) = try pair(name)
    let difference = try other.canonical()
    try difference.subtract(base)
    let change = WeightChange(difference)
    return change.energy > 0 ? change : nil
  }

  private func pair(_ name: String) throws(SVFTError) -> (base: Slot, other: Slot) {
    guard let base = own.slot(name), let other = others[name] else {
      throw SVFTError(
        .mismatch, "expected a tensor as this model has it, found none of that name")
    }
    guard base.shape == other.shape else {
      throw SVFTError(.shape, "expected \(base.shape) as in this model, found \(other.shape)")
    }
    return (base, other)
  }

  /// ‖W_other − W‖², a block of rows at a time.
  private func squaredDistance(_ name: String) throws(SVFTError) -> Double {
    let (base, other) = try pair(name)
    let (rows, width) = (base.weight.rows, base.weight.columns)
    let block = min(rows, 64)
    let (one, two) = (
      try DeltaMatrix(rows: block, columns: width), try DeltaMatrix(rows: block, columns: width)
    )
    return try one.withValues { (a) throws(SVFTError) in
      try two.withValues { (b) throws(SVFTError) in
        var sum = 0.0
        for first in stride(from: 0, to: rows, by: block) {
          let part = first..<min(rows, first + block)
          base.decodeCanonical(rows: part, into: a)
          other.decodeCanonical(rows: part, into: b)
          let count = part.count * width
          guard Kernels.allFinite(b, count: count), Kernels.allFinite(a, count: count) else {
            throw SVFTError(.nonFinite, "expected finite numbers, found others")
          }
          Kernels.add(a, times: -1, to: b, count: count)
          sum += Kernels.sumOfSquares(b, count: count)
        }
        return sum
      }
    }
  }
}

extension DeltaMatrix {
  /// Subtracts a tensor, a row at a time.
  fileprivate func subtract(_ slot: Slot) throws(SVFTError) {
    let row = try DeltaMatrix(rows: 1, columns: columns)
    try withValues { (values) throws(SVFTError) in
      try row.withValues { (base) throws(SVFTError) in
        for index in 0..<rows {
          slot.decodeCanonical(rows: index..<index + 1, into: base)
          Kernels.add(base, times: -1, to: values + index * columns, count: columns)
        }
      }
    }
  }
}
