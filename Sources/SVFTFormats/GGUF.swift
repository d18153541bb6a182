// Reading GGUF, versions 2 and 3, little-endian. The file is: "GGUF", version (u32), tensor count
// (u64), metadata count (u64), metadata (key, type, value), tensor entries (name, dimension count,
// dimensions with the fastest first, type id, offset), padding to the alignment, data. Offsets
// count from the start of the data and rise by each tensor's size rounded up to `general.alignment`
// (32 where absent), as ggml itself demands. Typed access to metadata stands in
// GGUF+Metadata.swift, writing in GGUFWriter.swift.
package import SVFTTensor

/// One GGUF file, checked and mapped.
package final class GGUF: TensorSource {
  private let file: MappedFile
  private let table: TensorTable
  let keys: NameIndex
  let values: [GGUFValue]

  package var path: String { file.path }
  package var names: [String] { table.names }
  package func entry(_ name: String) -> TensorEntry? { table[name] }
  package func origin(_ name: String) -> String? { file.identity.map { "\($0) \(name)" } }

  package func bytes(_ name: String) throws(SVFTError) -> Buffer {
    let entry = try require(name)
    return try file.window(offset: entry.offset, byteCount: entry.byteCount)
  }

  /// Opens a file.
  ///
  /// Every claim of its header is checked before this returns.
  /// `isPart` opens one of several files of a model too (SplitGGUF.swift); others are
  /// `.unsupported`.
  package convenience init(
    _ path: String, access: MappedFile.Access = .mapped, isPart: Bool = false
  ) throws(SVFTError) {
    try self.init(MappedFile(path, access: access), isPart: isPart)
  }

  /// Reads a file that is open already.
  package init(_ file: MappedFile, isPart: Bool = false) throws(SVFTError) {
    self.file = file
    do throws(SVFTError) {
      var reader = ByteReader(file.bytes)
      let counts = try Self.begin(&reader)
      (keys, values) = try Self.metadata(counts.metadata, &reader, file)
      let alignment = try Self.alignment(keys, values)
      let entries = try Self.tensors(counts.tensors, &reader)
      guard reader.position <= Limits.headerBytes else {
        throw SVFTError(
          .limit, "a header of \(reader.position) bytes; at most \(Limits.headerBytes) are allowed")
      }
      let start = try TensorTable.aligned(reader.position, alignment)
      var placed: [TensorEntry] = []
      for entry in entries {
        let offset = try Checked.sum(start, entry.offset, "the place of a tensor")
        placed.append(entry.moved(to: offset))
      }
      table = try TensorTable(
        placed, start: start, alignment: alignment, fileSize: file.byteCount)
    } catch {
      let isGGUF = file.bytes.prefix(4).elementsEqual("GGUF".utf8)
      let hint = isGGUF ? "" : ContentHint.describe(file.bytes)
      throw SVFTError(error.kind, "\(file.path): \(error.message)\(hint)")
    }
    let parts = try parts()
    guard isPart || parts < 2 else {
      throw SVFTError(
        .unsupported, "\(path): expected a whole file, found one of \(parts) parts")
    }
  }

  /// Magic, version and the two counts, which are checked against the bytes there are.
  private static func begin(_ reader: inout ByteReader) throws(SVFTError)
    -> (tensors: Int, metadata: Int)
  {
    let magic = try reader.take(4, "the magic of a GGUF file")
    guard magic.elementsEqual("GGUF".utf8) else {
      throw SVFTError(.format, "expected a file that begins with GGUF")
    }
    let version = try reader.integer(UInt32.self, "the version")
    guard version & 0xFFFF != 0 || version == 0 else {
      throw SVFTError(.unsupported, "a big-endian GGUF file; only little-endian ones are read")
    }
    guard version == 2 || version == 3 else {
      throw SVFTError(.unsupported, "expected GGUF version 2 or 3, found \(version)")
    }
    let tensors = try reader.count(limit: Limits.tensors, "the number of tensors")
    let metadata = try reader.count(limit: Limits.metadataEntries, "the number of metadata entries")
    // The smallest entries: key of 1 byte, type, value of 1 byte; name of 1 byte, one dimension.
    let least = metadata * (8 + 1 + 4 + 1) + tensors * (8 + 1 + 4 + 8 + 4 + 8)
    guard least <= reader.left else {
      throw SVFTError(
        .truncated,
        "\(metadata) metadata entries and \(tensors) tensors need \(least) bytes, "
          + "found \(reader.left)"
      )
    }
    return (tensors, metadata)
  }

  private static func metadata(_ count: Int, _ reader: inout ByteReader, _ file: MappedFile)
    throws(SVFTError) -> (NameIndex, [GGUFValue])
  {
    var keys = NameIndex()
    var values: [GGUFValue] = []
    for number in 0..<count {
      let key = try reader.string(limit: Limits.keyBytes, "metadata key \(number)")
      guard !key.isEmpty else { throw SVFTError(.format, "metadata key \(number) is empty") }
      guard keys.add(key) else {
        throw SVFTError(.format, "the metadata key \(key.debugDescription) stands twice")
      }
      do {
        values.append(
          try GGUFValue.read(&reader) { (offset, count) throws(SVFTError) in
            try file.window(offset: offset, byteCount: count)
          })
      } catch { throw error.while("metadata \(key.debugDescription)") }
    }
    return (keys, values)
  }

  private static func alignment(_ keys: NameIndex, _ values: [GGUFValue]) throws(SVFTError) -> Int {
    guard let place = keys.position(of: "general.alignment") else { return 32 }
    guard case .integer(let value, .uint32) = values[place], (8...65_536).contains(value),
      value & (value - 1) == 0
    else {
      throw SVFTError(
        .format,
        "general.alignment: expected a power of two from 8 to 65536 as uint32, found "
          + values[place].shown)
    }
    return value
  }

  /// The tensor entries, their offsets still counted from the start of the data.
  private static func tensors(_ count: Int, _ reader: inout ByteReader) throws(SVFTError)
    -> [TensorEntry]
  {
    var entries: [TensorEntry] = []
    for number in 0..<count {
      let name = try reader.string(limit: Limits.ggufNameBytes, "the name of tensor \(number)")
      guard !name.isEmpty else {
        throw SVFTError(.format, "the name of tensor \(number) is empty")
      }
      do { entries.append(try tensor(name, &reader)) } catch {
        throw error.while("tensor \(name.debugDescription)")
      }
    }
    return entries
  }

  private static func tensor(_ name: String, _ reader: inout ByteReader) throws(SVFTError)
    -> TensorEntry
  {
    let dimensions = try reader.integer(UInt32.self, "the number of dimensions")
    guard (1...4).contains(dimensions) else {
      throw SVFTError(.format, "expected 1 to 4 dimensions, found \(dimensions)")
    }
    var shape: [Int] = []
    for _ in 0..<dimensions {
      let size = try reader.integer(UInt64.self, "a dimension")
      guard size > 0 else { throw SVFTError(.format, "a dimension is 0") }
      shape.insert(try Checked.int(size, "a dimension"), at: 0)
    }
    let type = try StoredType.gguf(reader.integer(UInt32.self, "the type"))
    let offset = try Checked.int(reader.integer(UInt64.self, "the offset"), "the offset")
    return TensorEntry(
      name: name, shape: shape, type: type, byteCount: try type.byteCount(shape), offset: offset)
  }
}
