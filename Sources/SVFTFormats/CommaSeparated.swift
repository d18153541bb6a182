// Tables as text (RFC 4180): fields separated by commas, rows by line ends; a field in quotes may
// hold both, and a quote as two. Every row has as many fields as the first.
package import SVFTTensor

/// Files of comma-separated values.
package enum CommaSeparated {
  /// A row and the line of the file it begins in, from 1.
  package struct Row: Sendable, Equatable {
    package let line: Int
    package var fields: [String]
  }

  /// The rows of a file, the header among them; empty lines are none.
  ///
  /// Throws `.io`, `.limit`, and `.data` with the line.
  package static func read(_ path: String) throws(SVFTError) -> [Row] {
    let file = try MappedFile(path, limit: Limits.fileBytes)
    return try withExtendedLifetime(file) { () throws(SVFTError) in
      try parse(file.bytes, path)
    }
  }

  /// The rows of bytes; `name` says whose they are.
  package static func parse(
    _ bytes: UnsafeRawBufferPointer, _ name: String
  ) throws(SVFTError) -> [Row] {
    var scanner = Scanner(bytes, name)
    var rows: [Row] = []
    while let row = try scanner.next() {
      if row.fields == [""] { continue }
      if let first = rows.first, row.fields.count != first.fields.count {
        throw SVFTError(
          .data,
          "\(name), line \(row.line): expected \(first.fields.count) fields as in the header, "
            + "found \(row.fields.count)")
      }
      rows.append(row)
    }
    guard !rows.isEmpty else {
      throw SVFTError(.data, "\(name): expected a table with a header, found nothing")
    }
    return rows
  }

  /// Goes through a file once.
  private struct Scanner {
    private let bytes: UnsafeRawBufferPointer
    private let name: String
    private var place: Int
    private var line = 1

    init(_ bytes: UnsafeRawBufferPointer, _ name: String) {
      self.bytes = bytes
      self.name = name
      place = bytes.starts(with: [0xEF, 0xBB, 0xBF] as [UInt8]) ? 3 : 0
    }

    /// The next row; nil at the end.
    mutating func next() throws(SVFTError) -> Row? {
      guard place < bytes.count else { return nil }
      var row = Row(line: line, fields: [])
      while true {
        row.fields.append(try field())
        guard place < bytes.count else { return row }
        let end = bytes[place]
        place += 1
        if end == UInt8(ascii: ",") { continue }
        if end == 0x0D, place < bytes.count, bytes[place] == 0x0A { place += 1 }
        line += 1
        return row
      }
    }

    private mutating func field() throws(SVFTError) -> String {
      guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else {
        let start = place
        while place < bytes.count, !Self.ends(bytes[place]) { place += 1 }
        return try text(Array(bytes[start..<place]))
      }
      var content: [UInt8] = []
      let start = line
      place += 1
      while place < bytes.count {
        let byte = bytes[place]
        place += 1
        if byte != UInt8(ascii: "\"") {
          if byte == 0x0A { line += 1 }
          content.append(byte)
        } else if place < bytes.count, bytes[place] == UInt8(ascii: "\"") {
          content.append(byte)
          place += 1
        } else {
          guard place == bytes.count || Self.ends(bytes[place]) else { break }
          return try text(content)
        }
      }
      throw SVFTError(
        .data,
        "\(name), line \(start): expected a quote that ends the field, found none or text "
          + "behind it")
    }

    private func text(_ content: [UInt8]) throws(SVFTError) -> String {
      guard let text = String(validating: content, as: UTF8.self) else {
        throw SVFTError(.data, "\(name), line \(line): expected UTF-8 text, found other bytes")
      }
      return text
    }

    private static func ends(_ byte: UInt8) -> Bool {
      byte == UInt8(ascii: ",") || byte == 0x0A || byte == 0x0D
    }
  }
}
