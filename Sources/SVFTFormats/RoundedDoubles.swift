// Tensors in F64, as PyTorch saves a model that was trained in double precision, seen as F32: no
// format computes with them, and half of their digits are beyond what a network notices. What is
// too large for F32 becomes infinite, and is met like any other infinity. Each is rounded when its
// bytes are asked for, into memory of its own.
package import SVFTTensor

/// The tensors of a source, those in F64 as F32.
package final class RoundedDoubles: TensorSource {
  private static let double = "F64"

  private let source: any TensorSource
  private let single: StoredType

  /// The source as it is, or with its F64 as F32.
  package static func open(_ source: any TensorSource) throws(SVFTError) -> any TensorSource {
    guard source.entries.contains(where: { $0.type.name == double }) else { return source }
    return try RoundedDoubles(source)
  }

  private init(_ source: any TensorSource) throws(SVFTError) {
    self.source = source
    single = try StoredType(ElementFormats.f32)
  }

  package var path: String { source.path }
  package var names: [String] { source.names }
  package var description: [(key: String, value: String)] { source.description }

  package func entry(_ name: String) -> TensorEntry? {
    guard let entry = source.entry(name), entry.type.name == Self.double else {
      return source.entry(name)
    }
    return TensorEntry(
      name: name, shape: entry.shape, type: single, byteCount: entry.byteCount / 2,
      offset: entry.offset)
  }

  package func bytes(_ name: String) throws(SVFTError) -> Buffer {
    let stored = try source.bytes(name)
    guard source.entry(name)?.type.name == Self.double else { return stored }
    let count = stored.byteCount / MemoryLayout<Double>.stride
    let rounded = try Buffer(of: Float.self, count: count)
    guard !MemoryLedger.isRehearsing else { return rounded }
    let (from, to) = (stored.bytes, rounded.values(Float.self))
    // A header of odd length leaves them at odd addresses.
    for index in 0..<count {
      let place = index * MemoryLayout<Double>.stride
      to[index] = Float(from.loadUnaligned(fromByteOffset: place, as: Double.self))
    }
    stored.releasePages()
    return rounded
  }

  package func origin(_ name: String) -> String? { source.origin(name) }
  package func liesAsMultiplied(_ name: String) -> Bool { source.liesAsMultiplied(name) }
  package func releasePages() throws(SVFTError) { try source.releasePages() }
}
