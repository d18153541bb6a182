// Reading safetensors. The file is: the header's length in 8 bytes (little-endian), the header, the
// data. The header is a JSON object that begins with "{": name → {"dtype", "shape", "data_offsets":
// [begin, end]} counted from the start of the data, and optionally "__metadata__": name → string.
// The data have no hole and no overlap and fill the rest of the file. Scalars and empty tensors are
// legal. Sharded models stand in SafetensorsIndex.swift, writing in SafetensorsWriter.swift.
package import SVFTTensor

/// One safetensors file, checked and mapped.
package final class Safetensors: TensorSource {
  private let file: MappedFile
  private let table: TensorTable
  /// The file's own name → string table.
  package let metadata: [(key: String, value: String)]

  package var path: String { file.path }
  package var names: [String] { table.names }
  package var description: [(key: String, value: String)] { metadata }
  package func entry(_ name: String) -> TensorEntry? { table[name] }
  package func origin(_ name: String) -> String? { file.identity.map { "\($0) \(name)" } }

  package func bytes(_ name: String) throws(SVFTError) -> Buffer {
    let entry = try require(name)
    return try file.window(offset: entry.offset, byteCount: entry.byteCount)
  }

  /// Opens a file.
  ///
  /// Every claim of its header is checked before this returns.
  package convenience init(_ path: String, access: MappedFile.Access = .mapped) throws(SVFTError) {
    try self.init(MappedFile(path, access: access))
  }

  /// Reads a file that is open already.
  package init(_ file: MappedFile) throws(SVFTError) {
    self.file = file
    do {
      let header = try Self.header(of: file.bytes)
      let start = 8 + header.byteCount
      (metadata, table) = try Self.contents(header.members, start: start, file.byteCount)
    } catch {
      let hint = ContentHint.describe(file.bytes)
      // Other files begin with enormous numbers.
      let kind = error.kind == .limit && !hint.isEmpty ? .format : error.kind
      throw SVFTError(kind, "\(file.path): \(error.message)\(hint)")
    }
  }

  private static func header(of bytes: UnsafeRawBufferPointer) throws(SVFTError)
    -> (members: JSON.Object, byteCount: Int)
  {
    guard bytes.count >= 8 else {
      throw SVFTError(.truncated, "expected a header length of 8 bytes, found \(bytes.count)")
    }
    let claimed = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard !ContentHint.isText(bytes.prefix(8)) else {
      let isJSON = bytes[0] == UInt8(ascii: "{") || bytes[0] == UInt8(ascii: "[")
      throw SVFTError(
        .format,
        "expected a safetensors file, which begins with the length of its header, found "
          + (isJSON ? "JSON" : "text"))
    }
    guard bytes.count == 8 || bytes[8] == UInt8(ascii: "{") else {
      throw SVFTError(
        .format,
        "expected a safetensors file, which begins with the length of its header and \"{\", found "
          + "something else")
    }
    guard claimed <= UInt64(Limits.headerBytes), let length = Int(exactly: claimed) else {
      throw SVFTError(
        .limit,
        "a safetensors header of \(claimed) bytes; at most \(Limits.headerBytes) are allowed")
    }
    guard length <= bytes.count - 8 else {
      throw SVFTError(
        .truncated, "expected a header of \(length) bytes, the file has \(bytes.count - 8) after it"
      )
    }
    guard length >= 2 else {
      throw SVFTError(.format, "expected a safetensors header of at least 2 bytes, found \(length)")
    }
    let text = UnsafeRawBufferPointer(rebasing: bytes[8..<8 + length])
    do {
      return (try JSON.parse(text).root("the header"), length)
    } catch {
      // All of the header is there: what ends too early in it is malformed, not cut off.
      let kind = error.kind == .truncated ? .format : error.kind
      throw SVFTError(kind, "the safetensors header: \(error.message)")
    }
  }

  private static func contents(_ header: JSON.Object, start: Int, _ fileSize: Int)
    throws(SVFTError) -> (metadata: [(key: String, value: String)], table: TensorTable)
  {
    guard header.count <= Limits.tensors else {
      throw SVFTError(.limit, "\(header.count) tensors; at most \(Limits.tensors) are allowed")
    }
    var metadata: [(key: String, value: String)] = []
    var found: [TensorEntry] = []
    for (name, value) in header.members {
      if name == "__metadata__" {
        for (key, text) in try value.object(name).members {
          metadata.append((key, try text.string("__metadata__.\(key)")))
        }
      } else {
        found.append(
          try during("tensor \(name.debugDescription)") { () throws(SVFTError) in
            try entry(name, value.object("its entry"), start: start)
          })
      }
    }
    let table = try TensorTable(found, start: start, alignment: 1, fileSize: fileSize)
    return (metadata, table)
  }

  private static func entry(_ name: String, _ members: JSON.Object, start: Int)
    throws(SVFTError) -> TensorEntry
  {
    guard name.utf8.count <= Limits.nameBytes else {
      throw SVFTError(.limit, "a name of \(name.utf8.count) bytes")
    }
    let type = try StoredType.safetensors(members.string("dtype"))
    let shape = try naturals(members, "shape")
    guard shape.count <= Limits.dimensions else {
      throw SVFTError(.limit, "\(shape.count) dimensions; at most \(Limits.dimensions)")
    }
    let offsets = try naturals(members, "data_offsets")
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw SVFTError(.format, "data_offsets: expected [begin, end], found \(offsets)")
    }
    let byteCount = try type.byteCount(shape)
    guard offsets[1] - offsets[0] == byteCount else {
      throw SVFTError(
        .format,
        "expected \(byteCount) bytes for \(type.name) \(shape), found \(offsets[1] - offsets[0])")
    }
    let offset = try Checked.sum(start, offsets[0], "its place in the file")
    return TensorEntry(
      name: name, shape: shape, type: type, byteCount: byteCount, offset: offset)
  }

  /// The non-negative integers of an array; unlike elsewhere 2.0 is no integer here.
  private static func naturals(_ members: JSON.Object, _ key: String) throws(SVFTError) -> [Int] {
    var numbers: [Int] = []
    for value in try members.array(key) {
      if case .unsigned(let number) = value {
        throw SVFTError(.limit, "\(key): \(number) is beyond 63 bits")
      }
      guard case .integer(let number) = value, number >= 0 else {
        throw SVFTError(.format, "\(key): expected integers from 0, found \(value.kind) or less")
      }
      numbers.append(number)
    }
    return numbers
  }
}
