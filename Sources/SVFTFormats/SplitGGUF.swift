// A model in several GGUF files, as llama.cpp's gguf-split writes them: NAME-00001-of-00003.gguf
// and so on. Each part says its number from 0 (`split.no`), how many there are (`split.count`) and
// how many tensors they hold in all (`split.tensors.count`); the model's metadata stand in the
// first. Parts lie in the first one's folder under the names that follow from its own.
package import SVFTTensor

/// The tensors of a model whose first part is named.
package final class SplitGGUF: PartedSource {
  package let path: String
  package let parts: TensorParts
  package var description: [(key: String, value: String)] { parts.files.first?.description ?? [] }

  /// Opens the parts that belong to `first`.
  ///
  /// `.format` where it is not the first, or parts do not belong together.
  package init(_ first: GGUF, access: MappedFile.Access = .mapped) throws(SVFTError) {
    let count = try first.parts()
    guard try first.partNumber() == 0, let stem = Self.stem(of: first.path, count) else {
      throw SVFTError(
        .format,
        "\(first.path): expected the first of \(count) parts, whose name ends in "
          + "\(Self.end(0, of: count))")
    }
    var files = [first]
    for number in 1..<count {
      let part = try GGUF(stem + Self.end(number, of: count), access: access, isPart: true)
      guard try part.parts() == count, try part.partNumber() == number else {
        throw SVFTError(
          .format,
          "\(part.path): expected part \(number + 1) of \(count), found "
            + "\(try part.partNumber() + 1) of \(try part.parts())")
      }
      files.append(part)
    }
    path = first.path
    parts = try Self.parts(files)
    let found = parts.index.count
    let claimed = try first.int("split.tensors.count", default: found)
    guard claimed == found else {
      throw SVFTError(
        .format, "\(path): expected \(claimed) tensors in all parts, found \(found)")
    }
  }

  private static func parts(_ files: [GGUF]) throws(SVFTError) -> TensorParts {
    var parts = TensorParts(files)
    for (number, file) in files.enumerated() {
      for name in file.names {
        guard parts.add(name, in: number), parts.index.count <= Limits.tensors else {
          throw SVFTError(
            .format, "\(file.path): tensor \(name.debugDescription) is one too many of its name")
        }
      }
    }
    return parts
  }

  /// What part `number` of a model says of itself.
  static func metadata(
    _ number: Int, of count: Int, tensors: Int
  ) -> [(key: String, value: GGUFValue)] {
    [
      ("split.no", .integer(number, .uint16)), ("split.count", .integer(count, .uint16)),
      ("split.tensors.count", .integer(tensors, .int32)),
    ]
  }

  /// The name of a part of the model that would be `path` in one file.
  static func path(_ path: String, _ number: Int, of count: Int) -> String {
    (path.hasSuffix(".gguf") ? String(path.dropLast(5)) : path) + end(number, of: count)
  }

  /// What a part's name ends in.
  private static func end(_ number: Int, of count: Int) -> String {
    "-\(TensorParts.number(number, of: count)).gguf"
  }

  /// The first part's path without its end; nil where it has another.
  private static func stem(of path: String, _ count: Int) -> String? {
    let end = end(0, of: count)
    return path.hasSuffix(end) ? String(path.dropLast(end.count)) : nil
  }
}

extension GGUF {
  /// How many files the model is split into; 1 where it is whole.
  ///
  /// `.limit` beyond what is opened at once.
  package func parts() throws(SVFTError) -> Int {
    try Checked.within(
      int("split.count", default: 1), 0...Limits.shards, "\(path): split.count", kind: .limit)
  }

  /// The number of this part, from 0.
  func partNumber() throws(SVFTError) -> Int {
    try Checked.within(
      int("split.no", default: 0), 0...Limits.shards, "\(path): split.no", kind: .format)
  }
}
