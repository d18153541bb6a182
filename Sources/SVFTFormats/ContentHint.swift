// What a file that is not what it should be looks like. The commonest bad input is no attack but a
// web page or a git-lfs pointer saved under a model's name; the message says so and what to do.

/// Guesses at what foreign bytes are, for messages only: no decision depends on it.
package enum ContentHint {
  /// "; it looks like …" for known kinds of contents, else "".
  package static func describe(_ bytes: UnsafeRawBufferPointer) -> String {
    if bytes.isEmpty { return "; the file is empty" }
    for (start, meaning) in known where begins(bytes, with: start) {
      return "; it looks like \(meaning)"
    }
    let text = bytes.prefix(256).drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
    let lower = text.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    if lower.starts(with: "<!doctype".utf8) || lower.starts(with: "<html".utf8) {
      return "; it looks like a web page: the download did not give the file itself"
    }
    if bytes.prefix(4096).allSatisfy({ $0 == 0 }) {
      return "; it holds zeros where the header should be"
    }
    return ""
  }

  /// Whether bytes are printable ASCII and white space, and there are some.
  static func isText(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
    !bytes.isEmpty && bytes.allSatisfy { (0x20..<0x7F).contains($0) || (0x09...0x0D).contains($0) }
  }

  private static let known: [([UInt8], String)] = [
    (Array("version https://git-lfs".utf8), "a git-lfs pointer: fetch the file with git lfs pull"),
    ([0x1F, 0x8B], "a gzip archive: unpack it first"),
    ([0x28, 0xB5, 0x2F, 0xFD], "a zstd archive: unpack it first"),
    (
      Array("PK\u{03}\u{04}".utf8), "a zip archive or a PyTorch .bin/.pt: convert it to safetensors"
    ),
    ([0x80, 0x02], "a Python pickle: convert it to safetensors"),
    ([0x80, 0x04], "a Python pickle: convert it to safetensors"),
    ([0x89, 0x50, 0x4E, 0x47], "a PNG picture"),
    ([0xFF, 0xD8, 0xFF], "a JPEG picture"),
    (Array("%PDF".utf8), "a PDF document"),
    (Array("GGUF".utf8), "a GGUF file"),
    (Array("FUGG".utf8), "a big-endian GGUF file, which is not supported"),
    (Array("ggml".utf8), "a GGML file from before GGUF: convert it again"),
    (Array("lmgg".utf8), "a GGML file from before GGUF: convert it again"),
    ([0x89, 0x48, 0x44, 0x46], "an HDF5 file: convert it to safetensors"),
  ]

  private static func begins(_ bytes: UnsafeRawBufferPointer, with start: [UInt8]) -> Bool {
    bytes.count >= start.count && bytes.prefix(start.count).elementsEqual(start)
  }
}
