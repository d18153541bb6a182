// A LoRA in a GGUF file, as llama.cpp reads it: for each matrix <gguf module>.weight.lora_a [r, in]
// and .lora_b [out, r], and one adapter.lora.alpha, which is 0 where it is missing.
//
//   ΔW = (α / r)·B A, or B A where α is 0          rows of B as GGUF files have those of the matrix
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor

/// The changes that a LoRA in a GGUF file makes.
final class GGUFLoRAFile: DeltaSource {
  static let name = "gguf-lora"
  private static let suffixes = (a: ".lora_a", b: ".lora_b")

  private let file: GGUF
  private let alpha: Double
  private var pairs: [String: Pair] = [:]
  private(set) var names: [String] = []

  /// The two tensors of one matrix.
  private struct Pair {
    let stem: String
    let rank: Int
    let rows: Int
    let columns: Int
    let rowOrder: RowOrder
  }

  static func recognises(_ path: String) throws(SVFTError) -> Bool {
    guard try FileSystem.isFile(path), try TensorFile.isGGUF(path) else { return false }
    return try GGUF(path).has("adapter.type")
  }

  init(_ path: String, _ model: Model, anyBase: Bool) throws(SVFTError) {
    file = try GGUF(path)
    let kind = try file.string("adapter.type")
    guard kind == "lora" else {
      throw SVFTError(.unsupported, "\(path): expected an adapter of type lora, found \(kind)")
    }
    let family = try file.string("general.architecture")
    let architecture = model.network.architecture
    // Some families are written under another's name: Mistral is "llama" there.
    guard type(of: architecture).names.contains(family) || architecture.name == family else {
      throw SVFTError(
        .mismatch,
        "\(path): expected an adapter for a model of the family \(architecture.name), found one "
          + "for \(family)")
    }
    guard !file.has("adapter.alora.invocation_tokens") else {
      throw SVFTError(
        .unsupported,
        "\(path): expected a LoRA for all tokens, found one that some tokens activate (aLoRA)")
    }
    alpha = try file.double("adapter.lora.alpha", default: 0)
    guard alpha.isFinite else {
      throw SVFTError(.nonFinite, "\(path): adapter.lora.alpha: expected a number, found \(alpha)")
    }
    let tensors = ModelTensors(model, model.classes)
    for entry in file.entries {
      guard let stem = try stem(entry.name) else { continue }
      let (name, pair) = try during("\(path): \(stem)") { () throws(SVFTError) in
        try read(stem, tensors)
      }
      pairs[name] = pair
      self.names.append(name)
    }
  }

  /// The matrix that a tensor is the A of; nil for a B that has its A.
  private func stem(_ name: String) throws(SVFTError) -> String? {
    if name.hasSuffix(Self.suffixes.a) { return String(name.dropLast(Self.suffixes.a.count)) }
    let isB = name.hasSuffix(Self.suffixes.b)
    let stem = String(name.dropLast(Self.suffixes.b.count))
    guard isB, file.entry(stem + Self.suffixes.a) != nil else {
      throw SVFTError(
        .format, "\(file.path): \(name): expected tensors in pairs of lora_a and lora_b, found one")
    }
    return nil
  }

  private func read(_ stem: String, _ tensors: ModelTensors) throws(SVFTError) -> (String, Pair) {
    guard let (name, order) = tensors.resolve(stem), let projection = tensors.projection(name)
    else {
      throw SVFTError(
        .mismatch, "expected the name of a linear module of this model, found another")
    }
    let a = try file.require(stem + Self.suffixes.a)
    let b = try file.require(stem + Self.suffixes.b)
    // ggml drops a leading dimension of one.
    let shapeA = a.shape.count == 1 ? [1] + a.shape : a.shape
    let rank = shapeA.first ?? 0
    let expected = ([rank, projection.columns], [projection.rows, rank])
    guard rank > 0, shapeA == expected.0, b.shape == expected.1 else {
      throw SVFTError(
        .shape,
        "expected lora_a [r, \(projection.columns)] and lora_b [\(projection.rows), r], found "
          + "\(a.shape) and \(b.shape)")
    }
    for entry in [a, b] where entry.format == nil {
      throw SVFTError(
        .unsupported, "expected an element type that is computed with, found \(entry.type.name)")
    }
    let pair = Pair(
      stem: stem, rank: rank, rows: projection.rows, columns: projection.columns, rowOrder: order)
    return (name, pair)
  }

  func change(_ name: String) throws(SVFTError) -> WeightChange? {
    guard let pair = pairs[name] else { return nil }
    let a = try matrix(pair.stem + Self.suffixes.a, rows: pair.rank, columns: pair.columns)
    let b = try matrix(pair.stem + Self.suffixes.b, rows: pair.rows, columns: pair.rank)
    let scale = alpha == 0 ? 1 : alpha / Double(pair.rank)
    return try WeightChange(
      FactoredDelta(b: b.canonical(from: pair.rowOrder), a: a, scale: Float(scale)))
  }

  private func matrix(_ name: String, rows: Int, columns: Int) throws(SVFTError) -> DeltaMatrix {
    let matrix = try DeltaMatrix(rows: rows, columns: columns)
    let (entry, bytes) = (try file.require(name), try file.bytes(name))
    try matrix.withValues { (values) throws(SVFTError) in
      entry.format?.decode(bytes.pointer, count: rows * columns, into: values)
      guard Kernels.allFinite(values, count: rows * columns) else {
        throw SVFTError(.nonFinite, "\(file.path): \(name): expected finite numbers, found others")
      }
    }
    withExtendedLifetime(bytes) {}
    return matrix
  }
}
