// What rows of a cache belong to, as hashes that a saved session carries:
//
//   model   geometry, names, row orders and hashes of the tensors that tokens are predicted with
//   rows    that, the precision, the format of rows, and every active adapter with its scale, the
//           text's own last
//
// Row orders are among them because keys lie in the order of their projection's rows: a folder and
// a GGUF file of one model are two models here. The number of threads and the instruction set are
// not: the one changes nothing, the other the last bits.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import Synchronization

/// Whose a session is.
struct SessionIdentity: Equatable {
  /// The model without adapters.
  let model: String
  /// Everything that decides the numbers of rows.
  let rows: String
}

extension Model {
  /// Whose sessions are now, of texts with an adapter of their own or without. The first time all
  /// weights are read. Throws `.state` where an attached adapter has yet to see data.
  func sessionIdentity(
    _ format: any ElementFormat, _ lane: Lane? = nil
  ) throws(SVFTError) -> SessionIdentity {
    let model = try modelIdentity()
    var hash = Fingerprint()
    hash.update("\(model) \(options.precision.rawValue) \(format.name)\n")
    // Sessions of version 1 once had rows of several rotations.
    if network.geometry.rotationChange != nil { hash.update("rows of one rotation\n") }
    for adapter in adapters.map({ Adapter(self, $0) }) where adapter.isActive {
      let codes = try adapter.attached.rounded?.codes() ?? ""
      try hash.update(adapter.method, "\(adapter.scale) \(codes)")
    }
    if let own = adapters.first(where: { $0.method === lane?.adapter }) {
      try hash.update(own.method, "\(lane?.scale ?? 0) of the text alone")
    }
    return SessionIdentity(model: model, rows: hash.hexadecimal)
  }

  /// The hash of the model without adapters, computed once. Throws `.memory`.
  func modelIdentity() throws(SVFTError) -> String {
    if let knownIdentity { return knownIdentity }
    let slots = loaded.architecture.slots + (loaded.architecture.languageModelHead?.slots ?? [])
    let hashes = Mutex([String?](repeating: nil, count: slots.count))
    let next = Atomic(0)
    Parallel.run(threads: min(network.threads, slots.count)) { _ in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < slots.count else { break }
        let hash = try? slots[index].weight.fingerprint()
        hashes.withLock { $0[index] = hash }
      }
    }
    var hash = Fingerprint()
    hash.update(try JSON.object(loaded.architecture.config()).text(.compact) + "\n")
    for (slot, digest) in zip(slots, hashes.withLock { $0 }) {
      guard let digest else { throw SVFTError(.memory, "no memory to hash \(slot.name)") }
      hash.update("\(slot.name) \(slot.rowOrder) \(digest)\n")
    }
    knownIdentity = hash.hexadecimal
    return hash.hexadecimal
  }
}

extension Fingerprint {
  /// Takes what a method is, how it acts, and its numbers.
  fileprivate mutating func update(
    _ method: any AdapterMethod, _ strength: String
  ) throws(SVFTError) {
    let traits = JSON.object(Adapter.traits(method))
    update("\(try traits.text(.compact)) \(strength)\n")
    for tensor in try AdapterFile.tensors(method) {
      update("\(tensor.name) \(tensor.type) \(tensor.shape)\n")
      withExtendedLifetime(tensor.bytes) { update(tensor.bytes.bytes) }
    }
  }
}

extension Weight {
  /// The hash of format, shape and bytes, rows as files have them.
  fileprivate func fingerprint() throws(SVFTError) -> String {
    var hash = Fingerprint()
    hash.update("\(format.name) \(rows) \(columns)\n")
    try eachStoredPiece { (bytes) throws(SVFTError) in hash.update(bytes) }
    return hash.hexadecimal
  }
}
