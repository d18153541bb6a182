// Tensors that lie in several files, and how such files are numbered: 00001-of-00003. Which names
// lie where, and whether the files belong together, is the affair of each kind: an index of
// safetensors files (SafetensorsIndex.swift), a split GGUF file (SplitGGUF.swift).
package import SVFTTensor

/// Where each of the tensors of several files lies.
package struct TensorParts: Sendable {
  let files: [any TensorSource]
  /// All names, in the order of the files and of their data.
  private(set) var index = NameIndex()
  /// For each name the file it lies in.
  private(set) var homes: [Int] = []

  init(_ files: [any TensorSource]) { self.files = files }

  /// Adds a name of file `home`; false (and nothing added) where it is there already.
  mutating func add(_ name: String, in home: Int) -> Bool {
    guard index.add(name) else { return false }
    homes.append(home)
    return true
  }

  /// The file that has a tensor; nil where none has it.
  func home(of name: String) -> (any TensorSource)? {
    index.position(of: name).map { files[homes[$0]] }
  }

  /// How file `number`, from 0, of `count` is called: "00001-of-00003".
  static func number(_ number: Int, of count: Int) -> String {
    func five(_ number: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
    return "\(five(number + 1))-of-\(five(count))"
  }
}

/// A source of several files.
package protocol PartedSource: TensorSource {
  var parts: TensorParts { get }
}

extension PartedSource {
  package var names: [String] { parts.index.names }
  package func entry(_ name: String) -> TensorEntry? { parts.home(of: name)?.entry(name) }
  package func origin(_ name: String) -> String? { parts.home(of: name)?.origin(name) }

  package func bytes(_ name: String) throws(SVFTError) -> Buffer {
    guard let home = parts.home(of: name) else {
      throw SVFTError(.format, "\(path): there is no tensor \(name.debugDescription)")
    }
    return try home.bytes(name)
  }
}
