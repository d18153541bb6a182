// A session as one safetensors file:
//
//   tokens            I32 [n]           the text
//   keys.L, values.L  U8 [m, bytes]     rows of layer L for the first m tokens, as cached
//   metadata          format, version, model, rows (SessionIdentity), checksum
//
// The checksum is over the other metadata and over name, type, shape and bytes of every tensor:
// whatever was cut off, changed or put in is noticed before anything is believed. The file is
// replaced whole (AtomicFile).
import SVFTFormats
import SVFTLayers
import SVFTTensor

/// A session's file that was opened and found undamaged.
struct SessionFile {
  private static let format = "svft-session"
  private static let version = "1"

  private let file: Safetensors
  private let identity: SessionIdentity

  /// Opens a file and checks that it is what was written. Throws `.io`, `.truncated`, `.format`,
  /// `.mismatch` for another version.
  init(_ path: String, access: MappedFile.Access) throws(SVFTError) {
    file = try Safetensors(path, access: access)
    let file = file
    func value(_ key: String) throws(SVFTError) -> String {
      if let found = file.metadata.first(where: { $0.key == key }) { return found.value }
      throw SVFTError(.format, "\(path): expected a saved session, found no \(key) in its metadata")
    }
    let format = try value("format")
    guard format == Self.format else {
      throw SVFTError(
        .format, "\(path): expected a saved session, found the format \(format.debugDescription)")
    }
    let version = try value("version")
    guard version == Self.version else {
      throw SVFTError(
        .mismatch,
        "\(path): expected a session of version \(Self.version), found \(version.debugDescription)")
    }
    identity = SessionIdentity(model: try value("model"), rows: try value("rows"))
    var parts: [Part] = []
    for entry in file.entries {
      parts.append(Part(entry.name, entry.type.name, entry.shape, try file.bytes(entry.name)))
    }
    let (stated, found) = (try value("checksum"), Self.digest(identity, parts))
    guard stated == found else {
      throw SVFTError(
        .format,
        "\(path): expected contents with the checksum \(stated.prefix(16))…, found "
          + "\(found.prefix(16))…: the file is damaged")
    }
  }

  /// Throws `.mismatch` for another model's session.
  func require(_ model: String) throws(SVFTError) {
    guard identity.model != model else { return }
    throw SVFTError(
      .mismatch,
      "\(file.path): expected a session of this model, \(model.prefix(16))…, found one of "
        + "\(identity.model.prefix(16))…")
  }

  /// The text. Throws `.limit` beyond `context`, `.format` for ids outside the vocabulary.
  func tokens(vocabulary: Int, context: Int) throws(SVFTError) -> [Int32] {
    let entry = try file.require("tokens")
    guard entry.type.name == "I32", entry.shape.count == 1 else {
      throw SVFTError(
        .format, "\(file.path): tokens: expected I32 [n], found \(entry.type.name) \(entry.shape)")
    }
    guard entry.shape[0] <= context else {
      throw SVFTError(
        .limit,
        "\(file.path): expected a text of at most \(context) tokens, the context, found "
          + "\(entry.shape[0])")
    }
    let bytes = try file.bytes("tokens")
    var ids: [Int32] = []
    for index in 0..<entry.shape[0] {
      ids.append(bytes.bytes.loadUnaligned(fromByteOffset: 4 * index, as: Int32.self))
    }
    if let strange = ids.first(where: { $0 < 0 || $0 >= vocabulary }) {
      throw SVFTError(
        .format,
        "\(file.path): expected token ids from 0 to \(vocabulary - 1), found \(strange)")
    }
    return ids
  }

  /// Why rows of another state of the model are left.
  var foreignRows: String {
    "\(file.path): adapters, precision or the format of cached keys are others than when it was "
      + "saved; the text is kept"
  }

  /// Copies the rows into slot 0 of a cache. Returns how many there are, nil where they are of
  /// another state of this model. Throws `.shape` for rows that do not fit.
  func rows(into cache: KVCache, _ current: SessionIdentity) throws(SVFTError) -> Int? {
    guard identity.rows == current.rows else { return nil }
    let count = try file.require("keys.0").shape.first ?? 0
    try requireRows(count, in: cache)
    for layer in 0..<cache.layers {
      try copy("keys.\(layer)", to: cache.keyRows(layer: layer, slot: 0))
      try copy("values.\(layer)", to: cache.valueRows(layer: layer, slot: 0))
    }
    return count
  }

  private func requireRows(_ count: Int, in cache: KVCache) throws(SVFTError) {
    let tokens = try file.require("tokens").shape.first ?? 0
    guard count <= min(tokens, cache.context) else {
      throw SVFTError(
        .format, "\(file.path): expected rows of at most \(tokens) tokens, found \(count)")
    }
    let shape = [count, cache.rowBytes]
    for entry in file.entries where entry.name != "tokens" {
      guard entry.shape == shape, entry.type.name == "U8" else {
        throw SVFTError(
          .shape,
          "\(file.path): \(entry.name): expected U8 \(shape), found \(entry.type.name) "
            + "\(entry.shape)")
      }
    }
  }

  private func copy(_ name: String, to rows: UnsafeMutableRawPointer) throws(SVFTError) {
    let bytes = try file.bytes(name)
    guard !MemoryLedger.isRehearsing else { return }
    rows.copyMemory(from: bytes.pointer, byteCount: bytes.byteCount)
  }
}

extension SessionFile {
  /// A tensor on its way.
  private struct Part {
    let name: String
    let type: String
    let shape: [Int]
    let bytes: Buffer

    init(_ name: String, _ type: String, _ shape: [Int], _ bytes: Buffer) {
      self.name = name
      self.type = type
      self.shape = shape
      self.bytes = bytes
    }
  }

  /// Writes a text and the first `rows` rows of slot 0 of a cache. Throws `.io`, `.noSpace`.
  static func write(
    _ path: String, _ tokens: [Int32], rows: Int, of cache: KVCache, _ identity: SessionIdentity
  ) throws(SVFTError) {
    let ids = try Buffer(byteCount: tokens.count * 4)
    for (index, token) in tokens.enumerated() { ids.values(Int32.self)[index] = token }
    var parts = [Part("tokens", "I32", [tokens.count], ids)]
    let (shape, size) = ([rows, cache.rowBytes], rows * cache.rowBytes)
    for layer in 0..<cache.layers {
      for (name, place) in [
        ("keys", cache.keyRows(layer: layer, slot: 0)),
        ("values", cache.valueRows(layer: layer, slot: 0)),
      ] {
        let bytes = Buffer(borrowing: place, byteCount: size, from: cache)
        parts.append(Part("\(name).\(layer)", "U8", shape, bytes))
      }
    }
    var outgoing: [OutgoingTensor] = []
    for part in parts {
      outgoing.append(
        OutgoingTensor(part.name, part.shape, try .named(part.type), bytes: part.bytes))
    }
    try SafetensorsWriter.write(
      path, outgoing, metadata: labels(identity) + [("checksum", digest(identity, parts))])
  }

  private static func labels(_ identity: SessionIdentity) -> [(key: String, value: String)] {
    [
      ("format", format), ("version", version), ("model", identity.model), ("rows", identity.rows),
    ]
  }

  private static func digest(_ identity: SessionIdentity, _ parts: [Part]) -> String {
    var hash = Fingerprint()
    for (key, value) in labels(identity) { hash.update("\(key) \(value)\n") }
    for part in parts {
      hash.update("\(part.name) \(part.type) \(part.shape)\n")
      withExtendedLifetime(part.bytes) { hash.update(part.bytes.bytes) }
    }
    return hash.hexadecimal
  }
}
