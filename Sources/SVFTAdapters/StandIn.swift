// A tensor of the checkpoint that is trained itself: an F32 copy of the decoded tensor stands in
// its slot while the adapter is attached. The checkpoint's own bytes are never touched.
package import SVFTLayers
package import SVFTTensor

/// The trained F32 copy of one tensor.
package final class StandIn {
  package let slot: Slot
  /// Projections whose weight the tensor is.
  package let users: [Projection]
  /// The values, rows as the slot stores them; named like the tensor.
  package let parameter: Parameter

  /// Copies the frozen tensor.
  ///
  /// Throws `.memory`.
  package init(_ slot: Slot, users: [Projection], group: Parameter.Group) throws(SVFTError) {
    self.slot = slot
    self.users = users
    let weight = slot.weight
    parameter = try Parameter(
      slot.name, rows: weight.rows, columns: weight.columns, shape: slot.shape, group: group,
      decays: slot.shape.count > 1, trainsInBF16: weight.format.toleratesBF16)
    try reset()
  }

  /// Goes back to the frozen tensor's values.
  func reset() throws(SVFTError) {
    guard !MemoryLedger.isRehearsing, let target = parameter.values.baseAddress else { return }
    slot.weight.decode(rows: 0..<slot.weight.rows, into: target)
  }

  /// The values in canonical row order.
  ///
  /// Throws `.memory`.
  func canonical() throws(SVFTError) -> NamedTensor {
    let values = try Buffer(of: Float.self, count: parameter.count)
    if !MemoryLedger.isRehearsing {
      permute(from: parameter.values, to: values.values(), gather: true)
    }
    return NamedTensor(slot.name, shape: slot.shape, type: "F32", bytes: values)
  }

  /// Takes values in canonical row order. Throws `.shape` or `.nonFinite` where they do not fit.
  func load(_ tensor: NamedTensor) throws(SVFTError) {
    guard tensor.shape == slot.shape else {
      throw SVFTError(
        .shape, "\(tensor.name): expected \(slot.shape), the file has \(tensor.shape)")
    }
    permute(from: try tensor.floats(), to: parameter.values, gather: false)
  }

  /// Its shape in files of adapters, which hold a matrix as folders of the family do.
  var filedShape: [Int] { slot.isTransposedInFolders ? slot.shape.reversed() : slot.shape }

  /// The values as files hold them.
  ///
  /// Throws `.memory`.
  func filed() throws(SVFTError) -> NamedTensor {
    let values = try canonical()
    return slot.isTransposedInFolders ? try values.transposed() : values
  }

  /// Takes values as files hold them. Throws as `load`.
  func load(filed tensor: NamedTensor) throws(SVFTError) {
    let isTurned = slot.isTransposedInFolders && tensor.shape == filedShape
    try load(isTurned ? tensor.transposed() : tensor)
  }

  /// Names of the weights that it is besides its own: heads that are tied to it.
  var tiedNames: [String] { users.map { "\($0.name).weight" }.filter { $0 != slot.name } }

  /// Copies rows between stored and canonical order.
  ///
  /// A vector's rows are its elements.
  private func permute(
    from source: UnsafeMutableBufferPointer<Float>, to target: UnsafeMutableBufferPointer<Float>,
    gather: Bool
  ) {
    let rows = slot.shape.first ?? 1
    guard rows > 0 else { return }
    let width = parameter.count / rows
    for row in 0..<rows {
      let stored = slot.stored(row)
      let (from, to) = gather ? (stored, row) : (row, stored)
      for column in 0..<width { target[to * width + column] = source[from * width + column] }
    }
  }
}

extension NamedTensor {
  /// The transpose of a matrix of F32 numbers. Throws as `floats`.
  fileprivate func transposed() throws(SVFTError) -> NamedTensor {
    if !MemoryLedger.isRehearsing { _ = try floats() }
    return NamedTensor(
      name, shape: shape.reversed(), type: type,
      bytes: try bytes.transposed(rows: shape[0], columns: shape[1]))
  }
}

extension ModelSites {
  /// A copy of one tensor, in the learning-rate group it belongs to.
  func standIn(_ slot: Slot) throws(SVFTError) -> StandIn {
    let isHead = heads.contains { $0.weight === slot || $0.bias === slot }
    return try StandIn(
      slot, users: projections.filter { $0.weight === slot }, group: isHead ? .head : .adapter)
  }

  /// Copies of tensors, each once.
  func standIns(_ slots: [Slot]) throws(SVFTError) -> [StandIn] {
    var seen: Set<ObjectIdentifier> = []
    var made: [StandIn] = []
    for slot in slots where seen.insert(ObjectIdentifier(slot)).inserted {
      made.append(try standIn(slot))
    }
    return made
  }

  /// The tensors that a method trains in full: `slots` of its own, and what the options ask for
  /// beside: biases by "bias" (none, all, targets), modules by "modules_to_save".
  func standIns(_ options: AdapterOptions, _ slots: [Slot] = [], beside targets: [Projection])
    throws(SVFTError) -> [StandIn]
  {
    var all = slots
    switch try options.word("bias", BiasChoice.self, default: .none) {
    case .none: break
    case .all: all += try biases(.everything)
    case .targets: all += targets.compactMap(\.bias)
    }
    let modules = try options.strings("modules_to_save")
    if !modules.isEmpty { all += try self.slots(.ends(modules)) }
    return try standIns(all)
  }
}

/// Which biases are trained beside a method.
enum BiasChoice: String, CaseIterable { case none, all, targets }
