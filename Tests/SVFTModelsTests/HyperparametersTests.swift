// Configs that attack: each key missing, zero, negative, huge, of another type; with its verdict.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

/// One broken config.json: what is changed, and what must come of it.
struct ConfigAttack: Sendable, CustomStringConvertible {
  let key: String
  let value: JSON?
  let kind: SVFTError.Kind

  init(_ key: String, _ value: JSON?, _ kind: SVFTError.Kind) {
    self.key = key
    self.value = value
    self.kind = kind
  }

  var description: String { "\(key) = \(value.map { "\($0)" } ?? "missing")" }

  /// The config with its change.
  func applied(to config: JSON.Object) -> JSON.Object {
    JSON.Object(
      config.members.filter { $0.0 != key }.map { (key: $0.0, value: $0.1) }
        + (value.map { [(key: key, value: $0)] } ?? []))
  }

  /// Numbers that no geometry may have.
  static func sizes(_ keys: [String]) -> [ConfigAttack] {
    keys.flatMap { key in
      [
        ConfigAttack(key, 0, .format), ConfigAttack(key, -1, .format),
        ConfigAttack(key, .integer(.max), .limit), ConfigAttack(key, .unsigned(.max), .limit),
        ConfigAttack(key, 1.5, .format), ConfigAttack(key, "32", .format),
        ConfigAttack(key, [32], .format), ConfigAttack(key, .number(1e300), .format),
      ]
    }
  }

  static let llama: [ConfigAttack] =
    sizes([
      "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
      "num_key_value_heads", "vocab_size", "max_position_embeddings", "head_dim",
    ]) + [
      .init("hidden_size", nil, .format), .init("num_hidden_layers", nil, .format),
      .init("vocab_size", nil, .format), .init("num_hidden_layers", 1_000_000_000, .limit),
      // Within the range, but the file has no such layer.
      .init("num_hidden_layers", 4096, .format),
      .init("num_attention_heads", 5, .format), .init("num_key_value_heads", 3, .format),
      .init("num_key_value_heads", 8, .format), .init("head_dim", 7, .format),
      .init("head_dim", 16, .shape), .init("vocab_size", 41, .shape),
      .init("hidden_size", 64, .shape), .init("intermediate_size", 65, .shape),
      .init("rope_theta", 0, .format), .init("rope_theta", -1.0, .format),
      .init("rope_theta", .number(.nan), .format), .init("rope_theta", .number(.infinity), .format),
      .init("rope_theta", "10000", .format), .init("rms_norm_eps", -1e-5, .format),
      .init("rms_norm_eps", 2, .format), .init("rms_norm_eps", .number(.nan), .format),
      .init("hidden_act", "snake", .unsupported), .init("hidden_act", 3, .format),
      .init("tie_word_embeddings", "yes", .format), .init("tie_word_embeddings", false, .format),
      .init("attention_bias", true, .format), .init("mlp_bias", true, .format),
      .init("partial_rotary_factor", 1.5, .format),
      .init("quantization_config", ["quant_method": "gptq"], .unsupported),
      .init("rope_scaling", "linear", .format),
      .init("rope_scaling", ["rope_type": "spiral", "factor": 2.0], .unsupported),
      .init("rope_scaling", ["type": "dynamic", "factor": 0.0], .format),
      .init("rope_scaling", ["rope_type": "linear"], .format),
      .init("rope_scaling", ["rope_type": "linear", "factor": 0.0], .format),
      .init("rope_scaling", ["rope_type": "llama3", "factor": 8.0], .format),
      .init("model_type", "gpt5", .unsupported), .init("model_type", nil, .format),
      .init("model_type", 1, .format),
    ]

  static let bert: [ConfigAttack] =
    sizes([
      "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
      "vocab_size", "max_position_embeddings", "type_vocab_size",
    ]) + [
      .init("num_attention_heads", 5, .format), .init("vocab_size", 41, .shape),
      .init("max_position_embeddings", 65, .shape), .init("type_vocab_size", 3, .shape),
      .init("layer_norm_eps", -1.0, .format), .init("hidden_act", "snake", .unsupported),
      .init("hidden_dropout_prob", 1, .format), .init("hidden_dropout_prob", -0.1, .format),
      .init("position_embedding_type", "relative_key", .unsupported),
      .init("is_decoder", true, .unsupported),
    ]
}

@Suite("Hyperparameters")
struct HyperparametersTests {
  private static func verdict(_ model: TinyModel, _ attack: ConfigAttack) throws -> SVFTError? {
    let folder = try TemporaryFolder()
    var model = model
    try model.write(folder: folder.path)
    model.config = attack.applied(to: model.config)
    do {
      // Written by hand: numbers that JSON cannot say stand as NaN would in Python's files.
      try folder.write("config.json", text(model.config))
      _ = try Checkpoint(folder.path).load()
      return nil
    } catch let error as SVFTError { return error }
  }

  private static func text(_ config: JSON.Object) throws -> String {
    let members = try config.members.map { key, value in
      if case .number(let number) = value, !number.isFinite {
        return "\"\(key)\": \(number.isNaN ? "NaN" : "Infinity")"
      }
      return "\"\(key)\": \(try value.text())"
    }
    return "{" + members.joined(separator: ", ") + "}"
  }

  @Test("A broken Llama config has its verdict and names the file", arguments: ConfigAttack.llama)
  func llama(_ attack: ConfigAttack) throws {
    let error = try #require(try Self.verdict(.llama(), attack))
    #expect(error.kind == attack.kind, "\(error.message)")
    #expect(error.message.contains("/svft-test-"))
  }

  @Test("A broken BERT config has its verdict and names the file", arguments: ConfigAttack.bert)
  func bert(_ attack: ConfigAttack) throws {
    let error = try #require(try Self.verdict(.bert(), attack))
    #expect(error.kind == attack.kind, "\(error.message)")
    #expect(error.message.contains("/svft-test-"))
  }

  @Test("The unchanged configs load")
  func unchanged() throws {
    let none = ConfigAttack("use_cache", true, .format)
    #expect(try Self.verdict(.llama(), none) == nil)
    #expect(try Self.verdict(.bert(), none) == nil)
  }

  @Test("An epsilon of zero is legal")
  func epsilonZero() throws {
    #expect(try Self.verdict(.llama(), ConfigAttack("rms_norm_eps", 0, .format)) == nil)
  }

  @Test(
    "Activations have the names of transformers",
    arguments: [
      ("silu", .silu), ("gelu", .gelu), ("gelu_new", .geluTanh), ("quick_gelu", .quickGelu),
      ("relu2", .squaredRelu), ("mish", .mish),
    ] as [(String, ActivationFunction)])
  func activations(_ name: String, _ expected: ActivationFunction) throws {
    let hyper = Hyperparameters(
      JSON.Object([("hidden_act", .string(name))]), dialect: .huggingFace, file: "config.json")
    #expect(try hyper.activation("hidden_act", default: "relu") == expected)
    #expect(try hyper.activation("other_act", default: "relu") == .relu)
  }

  @Test("GGUF keys get the architecture's prefix unless they are absolute")
  func dialects() throws {
    let values = JSON.Object([("llama.block_count", 3), ("tokenizer.ggml.token_type_count", 2)])
    let hyper = Hyperparameters(values, dialect: .gguf(architecture: "llama"), file: "m.gguf")
    #expect(try hyper.integer("num_hidden_layers", gguf: "block_count", in: 1...9) == 3)
    #expect(try hyper.integer("", gguf: "tokenizer.ggml.token_type_count", in: 1...9) == 2)
    #expect(try hyper.integer("num_hidden_layers", in: 1...9, default: 7) == 7)
    #expect(hyper.value("block_count") == nil)
  }
}
