// A model in several GGUF files, as llama.cpp's gguf-split writes them: NAME-00001-of-00003.gguf
// and so on. Each part says its number from 0 (`split.no`), how many there are (`split.count`) and
// how many tensors they hold in all (`split.tensors.count`); the model's metadata stand in the
// first. Parts lie in the first one's folder under the names that follow from its own.
package import SVFTTensor

/// The tensors of a model whose first part is named.
package final class SplitGGUF: TensorSource {
  private let parts: [GGUF]
  private let index: NameIndex
  /// For each name of the index, the part it lies in.
  private let homes: [Int]

  package var path: String { parts[0].path }
  package var names: [String] { index.names }
  package var description: [(key: String, value: String)] { parts[0].description }

  package func entry(_ name: String) -> TensorEntry? {
    index.position(of: name).flatMap { parts[homes[$0]].entry(name) }
  }

  package func origin(_ name: String) -> String? {
    index.position(of: name).flatMap { parts[homes[$0]].origin(name) }
  }

  package func bytes(_ name: String) throws(SVFTError) -> Buffer {
    guard let place = index.position(of: name) else {
      throw SVFTError(.format, "\(path): there is no tensor \(name.debugDescription)")
    }
    return try parts[homes[place]].bytes(name)
  }

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
    var parts = [first]
    for number in 1..<count {
      let part = try GGUF(stem + Self.end(number, of: count), access: access, isPart: true)
      guard try part.parts() == count, try part.partNumber() == number else {
        throw SVFTError(
          .format,
          "\(part.path): expected part \(number + 1) of \(count), found "
            + "\(try part.partNumber() + 1) of \(try part.parts())")
      }
      parts.append(part)
    }
    (index, homes) = try Self.index(of: parts)
    let claimed = try first.int("split.tensors.count", default: index.count)
    guard claimed == index.count else {
      throw SVFTError(
        .format, "\(first.path): expected \(claimed) tensors in all parts, found \(index.count)")
    }
    self.parts = parts
  }

  private static func index(of parts: [GGUF]) throws(SVFTError) -> (NameIndex, [Int]) {
    var index = NameIndex()
    var homes: [Int] = []
    for (number, part) in parts.enumerated() {
      for name in part.names {
        guard index.add(name), index.count <= Limits.tensors else {
          throw SVFTError(
            .format, "\(part.path): tensor \(name.debugDescription) is one too many of its name")
        }
        homes.append(number)
      }
    }
    return (index, homes)
  }

  /// What a part's name ends in.
  private static func end(_ number: Int, of count: Int) -> String {
    func five(_ number: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
    return "-\(five(number + 1))-of-\(five(count)).gguf"
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
  func partNumber() throws(SVFTError) -> Int { try int("split.no", default: 0) }
}
