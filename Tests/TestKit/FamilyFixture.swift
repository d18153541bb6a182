// Tiny checkpoints of every family with what transformers makes of them: decoders in
// Tests/Fixtures/families, encoders with a class head in Tests/Fixtures/encoders, models with a
// class for each token in Tests/Fixtures/taggers, written by make_families.py; encoder-decoders in
// Tests/Fixtures/answers, by make_answers.py; models of images in Tests/Fixtures/vision,
// by make_vision.py.
import Foundation
package import SVFTFormats
package import SVFTTensor

/// One checkpoint and its golden numbers.
package struct FamilyFixture: Sendable, CustomStringConvertible {
  package let name: String

  package var description: String { name }
  package let folder: String

  private static let root = SharedData.packageRoot + "/Tests/Fixtures/"

  /// Every decoder there is, by name.
  package static let all = fixtures("families")
  /// Every encoder.
  package static let encoders = fixtures("encoders")
  /// Every model of images.
  package static let vision = fixtures("vision")
  /// Every encoder-decoder that answers texts.
  package static let answers = fixtures("answers").filter {
    !["t5-classes", "t5-encoder"].contains($0.name)
  }

  /// Every model with a class for each token.
  package static let taggers = fixtures("taggers")

  private static func fixtures(_ kind: String) -> [FamilyFixture] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root + kind)) ?? []
    return names.filter { !$0.contains(".") }.sorted().map { FamilyFixture(name: $0, kind: kind) }
  }

  package init(name: String, kind: String = "families") {
    self.name = name
    folder = Self.root + kind + "/" + name
  }

  /// Copies the checkpoint into `model` of a folder, with a tokenizer; its path.
  package func copied(to folder: TemporaryFolder) throws -> String {
    try FileManager.default.copyItem(atPath: self.folder, toPath: folder.file("model"))
    try folder.write("model/tokenizer.json", JSON.object(Self.tokenizer).text())
    return folder.file("model")
  }

  /// Bytes that are visible, and two pairs of them, as GGUF files know them.
  private static var tokenizer: JSON.Object {
    let letters = (0..<38).map { String(Unicode.Scalar(UInt8(33 + $0))) }
    let pairs = [letters[0...1], letters[2...3]]
    var vocabulary = JSON.Object()
    for (id, word) in (letters + pairs.map { $0.joined() }).enumerated() {
      vocabulary[word] = .integer(id)
    }
    return JSON.Object([
      ("version", "1.0"), ("added_tokens", []),
      ("pre_tokenizer", ["type": "ByteLevel", "add_prefix_space": false]),
      ("decoder", ["type": "ByteLevel"]),
      (
        "model",
        .object(
          JSON.Object([
            ("type", "BPE"), ("vocab", .object(vocabulary)),
            ("merges", .array(pairs.map { .string($0.joined(separator: " ")) })),
          ]))
      ),
    ])
  }

  /// What config.json says.
  package func config() throws(SVFTError) -> JSON.Object {
    try JSON.read(folder + "/config.json").root(folder)
  }

  package func golden() throws(SVFTError) -> Golden { try Golden(folder + "/golden.safetensors") }

  /// The token ids and the tensors that belong to them.
  package struct Golden {
    package let ids: [Int32]
    private let file: Safetensors

    init(_ path: String) throws(SVFTError) {
      file = try Safetensors(path)
      let text = file.metadata.first { $0.key == "ids" }?.value ?? "[]"
      ids = try JSON.parse(text).array(path).map { (id) throws(SVFTError) in
        Int32(truncatingIfNeeded: try id.int(path))
      }
    }

    /// Names of all tensors that begin like this, the beginning left out.
    package func names(_ beginning: String) -> [String] {
      file.names.filter { $0.hasPrefix(beginning) }.map { String($0.dropFirst(beginning.count)) }
        .sorted()
    }

    /// All numbers of one tensor.
    package func values(_ name: String) throws(SVFTError) -> [Float] {
      let bytes = try file.bytes(name)
      return withExtendedLifetime(bytes) {
        (0..<bytes.byteCount / 4).map {
          bytes.pointer.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
        }
      }
    }

    /// The rows of a tensor, each as long as it has numbers for each id.
    package func rows(_ name: String) throws(SVFTError) -> [[Float]] {
      let numbers = try values(name)
      let width = numbers.count / max(1, ids.count)
      return (0..<ids.count).map { Array(numbers[$0 * width..<($0 + 1) * width]) }
    }
  }
}
