// From files to records: finds the files, cuts lines, and says in every error which line it was.
import SVFTFormats
package import SVFTTensor

/// The files behind a data path.
package struct DataFiles {
  /// The training records, or the only file.
  package let train: String
  /// `valid.jsonl` or `valid.txt` of a folder.
  package let valid: String?

  package init(train: String, valid: String? = nil) {
    self.train = train
    self.valid = valid
  }

  /// Resolves a file, or a folder with train.jsonl (or train.txt). Throws `.io` where neither
  /// exists.
  package init(_ path: String) throws(SVFTError) {
    guard try FileSystem.isFolder(path) else {
      train = path
      valid = nil
      return
    }
    guard let train = try DataFiles.file("train", in: path) else {
      throw SVFTError(
        .io, "\(path): expected train.jsonl or train.txt in this folder, found neither")
    }
    self.train = train
    valid = try DataFiles.file("valid", in: path)
  }
}

extension DataFiles {
  /// `<stem>.jsonl` or `<stem>.txt` of a folder.
  private static func file(_ stem: String, in folder: String) throws(SVFTError) -> String? {
    for kind in ["jsonl", "txt"] {
      let path = FileSystem.join(folder, "\(stem).\(kind)")
      if try FileSystem.isFile(path) { return path }
    }
    return nil
  }
}

/// What some editors put in front of UTF-8 text.
private let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

/// The contents of one data file.
package enum DataContents {
  case records([(line: Int, record: DataRecord)])
  case runningText(String)

  /// Reads .txt as running text and anything else as JSON lines. Throws `.data` with the line,
  /// `.io`.
  package init(file path: String) throws(SVFTError) {
    for ending in [".csv", ".tsv", ".parquet"] where path.lowercased().hasSuffix(ending) {
      throw SVFTError(
        .data,
        "\(path): expected JSON records, one a line (.jsonl), or a running text (.txt), found a "
          + "\(ending) table: write its rows as {\"text\": …, \"label\": …}")
    }
    let file = try MappedFile(path)
    let bytes = file.buffer.bytes
    if path.hasSuffix(".txt") {
      let start = bytes.starts(with: byteOrderMark) ? byteOrderMark.count : 0
      guard let text = String(validating: bytes[start...], as: UTF8.self) else {
        throw SVFTError(.data, "\(path): expected UTF-8 text, found other bytes")
      }
      guard text.contains(where: { !$0.isWhitespace }) else {
        throw SVFTError(.data, "\(path): expected text, found none")
      }
      self = .runningText(text)
      return
    }
    self = .records(try DataContents.lines(of: bytes, path))
  }

  private static func lines(
    of bytes: UnsafeRawBufferPointer, _ path: String
  ) throws(SVFTError) -> [(line: Int, record: DataRecord)] {
    var records: [(line: Int, record: DataRecord)] = []
    var shape: DataRecord.Shape?
    var start = bytes.starts(with: byteOrderMark) ? byteOrderMark.count : 0
    var line = 0
    while start < bytes.count {
      line += 1
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
      defer { start = end + 1 }
      let content = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
      if content.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
      guard content.count <= Limits.dataLine else {
        throw SVFTError(
          .data, "\(path), line \(line): expected at most \(Limits.dataLine) bytes, found more")
      }
      do throws(SVFTError) {
        let record = try DataRecord(JSON.parse(content), expected: shape)
        shape = record.shape
        records.append((line, record))
      } catch {
        throw SVFTError(.data, "\(path), line \(line): \(error.message)")
      }
    }
    guard !records.isEmpty else {
      throw SVFTError(.data, "\(path): expected JSON records, one a line, found none")
    }
    return records
  }
}
