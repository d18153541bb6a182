// The geometry of a vision transformer: read from config.json, and said again. Sides of images and
// patches are one number for a square, or [height, width].
package import SVFTFormats
import SVFTLayers
package import SVFTTensor

/// What a vision transformer's config.json says about itself, checked.
package struct VisionSettings: Sendable {
  let hidden: Int
  let feedForward: Int
  let layers: Int
  let heads: Int
  let grid: PatchGrid
  let epsilon: Double
  let activation: ActivationFunction
  /// Whether query, key and value have a bias.
  let hasBias: Bool
  /// Probability for the embeddings and the residual branches.
  let dropout: Double
  /// Probability for the weights of attention.
  let attentionDropout: Double

  /// Reads and checks everything, for a family with `specials` rows before the patches.
  init(_ hyper: Hyperparameters, specials: Int) throws(SVFTError) {
    guard !hyper.isGGUF else {
      throw SVFTError(
        .unsupported,
        "\(hyper.file): a GGUF file has no place for a model of images; take the folder it came "
          + "from"
      )
    }
    hidden = try hyper.integer("hidden_size", in: 1...(1 << 20))
    layers = try hyper.integer("num_hidden_layers", in: 1...4096)
    feedForward = try hyper.integer("intermediate_size", in: 1...(1 << 22))
    heads = try hyper.integer("num_attention_heads", in: 1...65_536)
    guard hidden % heads == 0 else {
      throw SVFTError(
        .format,
        "\(hyper.file): expected a hidden size divisible by the attention heads, found \(hidden) "
          + "and \(heads)")
    }
    let width = try hyper.integer("head_dim", in: 1...(1 << 20), default: hidden / heads)
    try hyper.refuse("head_dim", unless: width * heads == hidden, "a head of width \(width)")
    let image = try Self.sides(hyper, "image_size", default: 224)
    let patch = try Self.sides(hyper, "patch_size", default: 16)
    let channels = try hyper.integer("num_channels", in: 1...1024, default: 3)
    grid = try during(hyper.place("image_size")) { () throws(SVFTError) in
      try PatchGrid(
        channels: channels, height: image.height, width: image.width, patchHeight: patch.height,
        patchWidth: patch.width, specials: specials)
    }
    epsilon = try hyper.number("layer_norm_eps", in: 0...1, default: 1e-12)
    activation = try hyper.activation("hidden_act", default: "gelu")
    hasBias = try hyper.flag("qkv_bias", default: true)
    dropout = try hyper.number("hidden_dropout_prob", in: 0...0.999, default: 0)
    attentionDropout = try hyper.number("attention_probs_dropout_prob", in: 0...0.999, default: 0)
  }

  /// One number for both sides, or [height, width].
  private static func sides(
    _ hyper: Hyperparameters, _ key: String, default other: Int
  ) throws(SVFTError) -> (height: Int, width: Int) {
    let range = 1...(1 << 16)
    guard let value = hyper.value(key), case .array(let list) = value else {
      let side = try hyper.integer(key, in: range, default: other)
      return (side, side)
    }
    guard list.count == 2 else {
      throw SVFTError(
        .format,
        "\(hyper.place(key)): expected a number or [height, width], found \(list.count) "
          + "numbers")
    }
    func side(_ place: Int) throws(SVFTError) -> Int {
      try Checked.within(list[place].int(hyper.place(key)), range, hyper.place(key), kind: .format)
    }
    return (try side(0), try side(1))
  }

  var geometry: Geometry {
    Geometry(
      hiddenWidth: hidden, vocabularySize: 0, contextLength: grid.rows, layers: layers,
      keyValueWidth: hidden, isCausal: false, segments: 0, grid: grid)
  }
}

extension VisionTransformer {
  package func config() throws(SVFTError) -> JSON.Object {
    let (s, grid) = (settings, settings.grid)
    func sides(_ height: Int, _ width: Int) -> JSON {
      height == width ? .integer(height) : .array([.integer(height), .integer(width)])
    }
    return JSON.Object([
      ("architectures", [.string(Family.className + "Model")]),
      ("model_type", .string(name)),
      ("attention_probs_dropout_prob", .number(s.attentionDropout)),
      ("hidden_act", .string(s.activation.configName)),
      ("hidden_dropout_prob", .number(s.dropout)), ("hidden_size", .integer(s.hidden)),
      ("image_size", sides(grid.height, grid.width)), ("initializer_range", 0.02),
      ("intermediate_size", .integer(s.feedForward)), ("layer_norm_eps", .number(s.epsilon)),
      ("num_attention_heads", .integer(s.heads)), ("num_channels", .integer(grid.channels)),
      ("num_hidden_layers", .integer(s.layers)),
      ("patch_size", sides(grid.patchHeight, grid.patchWidth)), ("qkv_bias", .bool(s.hasBias)),
    ])
  }

  package var classifierName: String {
    hasPairedHead
      ? Family.pairedHead?.className ?? "" : Family.className + "ForImageClassification"
  }

  package func metadata() throws(SVFTError) -> [(key: String, value: GGUFValue)] {
    throw SVFTError(
      .unsupported,
      "a GGUF file has no place for a \(Family.className) of images; save a folder "
        + "instead")
  }
}
