// Factors on disk: <folder>/<hash of the matrix>.safetensors with U [out, n] and Vᵀ [n, in] in F32,
// rows canonical, σ [n] in F64, and metadata that say how they were computed and how good they are
// and hash the contents. Truncated ones lie beside them: <hash>-<rank>-<iterations>.safetensors.
//
// A cache never fails its user: a file that is damaged or of another version is computed again with
// a warning, and one that cannot be written is only warned about.
import SVFTFormats
import SVFTLayers
import SVFTTensor

extension FactorStore {
  /// Rises when the layout of cache files changes.
  private static let version = "1"
  private static let lockName = ".factors-lock"

  private func path(_ work: Work) -> String? {
    let part = work.truncation.map { "-\($0.rank)-\($0.iterations)" } ?? ""
    return cacheFolder.map { FileSystem.join($0, "\(work.hash)\(part).safetensors") }
  }

  /// Takes the right to decompose a matrix; false where another process has it.
  ///
  /// Where locks cannot be had everybody computes for himself.
  func claim(_ work: Work, _ lock: inout RecordLock?) -> Bool {
    guard let cacheFolder, let record = UInt64(work.hash.prefix(16), radix: 16) else { return true }
    do throws(SVFTError) {
      try FileSystem.makeFolder(cacheFolder)
      lock = try RecordLock(FileSystem.join(cacheFolder, Self.lockName), record: record)
      return lock != nil
    } catch { return true }
  }

  /// The factors of a cache file; nil where there is none that can be used.
  func cached(_ work: Work) -> Made? {
    let slot = work.slot
    guard let path = path(work) else { return nil }
    do throws(SVFTError) {
      guard try FileSystem.isFile(path) else { return nil }
      let parts = try read(
        path, rows: slot.weight.rows, columns: slot.weight.columns, order: work.order)
      // A solver that the caller insists on is not replaced by what another one left.
      if let solver, work.truncation == nil, parts.method != solver.method { return nil }
      return Made(
        vectors: try work.vectors(parts),
        record: record(parts, of: work, seconds: 0, isCached: true))
    } catch {
      Log.warn("the factors of \(slot.name) are computed again: \(error.message)")
      return nil
    }
  }

  private func read(
    _ path: String, rows: Int, columns: Int, order: Int
  ) throws(SVFTError) -> Factors.Parts {
    let file = try Safetensors(path, access: .copied)
    func metadata(_ key: String) throws(SVFTError) -> String {
      if let value = file.metadata.first(where: { $0.key == key })?.value { return value }
      throw SVFTError(.format, "\(path): expected metadata \(key.debugDescription), found none")
    }
    // Files of earlier releases do not say it.
    func number(_ key: String) -> Double {
      file.metadata.first { $0.key == key }.flatMap { Double($0.value) } ?? .nan
    }
    func tensor(_ name: String, _ shape: [Int], _ type: String) throws(SVFTError) -> Buffer {
      let entry = try file.require(name)
      guard entry.shape == shape, entry.type.name == type else {
        throw SVFTError(
          .shape,
          "\(path): \(name): expected \(type) \(shape), found \(entry.type.name) \(entry.shape)")
      }
      return try file.bytes(name)
    }
    let u = try tensor("U", [rows, order], "F32")
    let sigma = try tensor("S", [order], "F64")
    let vt = try tensor("Vt", [order, columns], "F32")
    guard try metadata("version") == Self.version else {
      throw SVFTError(.mismatch, "\(path): expected version \(Self.version) of the cache")
    }
    guard try metadata("sha256") == Self.digest([u, sigma, vt]) else {
      throw SVFTError(.format, "\(path): the contents do not have the hash that the file says")
    }
    // A tensor of a file may begin anywhere.
    let values = withExtendedLifetime(sigma) {
      (0..<order).map { sigma.bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
    }
    return try Factors.Parts(
      u: u.aligned(), sigma: values, vt: vt.aligned(), method: metadata("method"),
      accuracy: SVD.Accuracy(
        residual: number("residual"), departure: number("departure")))
  }

  /// Writes the cache file of a decomposition.
  func keep(_ parts: Factors.Parts, of work: Work) {
    let slot = work.slot
    guard let path = path(work), let cacheFolder else { return }
    do throws(SVFTError) {
      try FileSystem.makeFolder(cacheFolder)
      let (rows, columns, order) = (slot.weight.rows, slot.weight.columns, parts.sigma.count)
      let sigma = try Buffer(of: Double.self, count: order)
      _ = sigma.values(Double.self).update(fromContentsOf: parts.sigma)
      let f32 = try StoredType.named("F32")
      try SafetensorsWriter.write(
        path,
        [
          OutgoingTensor("U", [rows, order], f32, bytes: parts.u),
          OutgoingTensor("S", [order], try StoredType.named("F64"), bytes: sigma),
          OutgoingTensor("Vt", [order, columns], f32, bytes: parts.vt),
        ],
        metadata: [
          ("version", Self.version), ("method", parts.method), ("tensor", slot.name),
          ("residual", "\(parts.accuracy.residual)"),
          ("departure", "\(parts.accuracy.departure)"),
          ("sha256", Self.digest([parts.u, sigma, parts.vt])),
        ])
    } catch {
      Log.warn("the factors of \(slot.name) are not kept: \(error.message)")
    }
  }

  private static func digest(_ parts: [Buffer]) -> String {
    var hash = SHA256()
    for part in parts { hash.update(part.bytes) }
    return hash.hexadecimal
  }
}

extension Buffer {
  /// These bytes in memory of our own, aligned for kernels; tensors of a file lie anywhere.
  fileprivate func aligned() throws(SVFTError) -> Buffer {
    guard UInt(bitPattern: pointer) % 64 != 0 else { return self }
    let copy = try Buffer(byteCount: byteCount)
    copy.pointer.copyMemory(from: pointer, byteCount: byteCount)
    return copy
  }
}
