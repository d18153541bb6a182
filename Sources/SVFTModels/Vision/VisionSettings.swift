// The geometry of a vision transformer: read from config.json, and said again. Sides of images and
// patches are one number for a square, or [height, width].
package import SVFTFormats
import SVFTLayers
package import SVFTTensor

/// What a vision transformer's config.json says about itself, checked.
package struct VisionSettings: Sendable {
  let sizes: EncoderSizes
  let grid: PatchGrid
  /// Whether query, key and value have a bias.
  let hasBias: Bool

  /// Reads and checks everything, for a family with `specials` rows before the patches.
  init(_ hyper: Hyperparameters, specials: Int) throws(SVFTError) {
    guard !hyper.isGGUF else {
      throw SVFTError(
        .unsupported,
        "\(hyper.file): a GGUF file has no place for a model of images; take the folder it came "
          + "from"
      )
    }
    sizes = try EncoderSizes(hyper, epsilon: 1e-12, dropout: 0)
    try sizes.requireHeads("head_dim", of: hyper)
    let image = try Self.sides(hyper, "image_size", default: 224)
    let patch = try Self.sides(hyper, "patch_size", default: 16)
    let channels = try hyper.integer("num_channels", in: 1...1024, default: 3)
    grid = try during(hyper.place("image_size")) { () throws(SVFTError) in
      try PatchGrid(
        channels: channels, height: image.height, width: image.width, patchHeight: patch.height,
        patchWidth: patch.width, specials: specials)
    }
    hasBias = try hyper.flag("qkv_bias", default: true)
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
      hiddenWidth: sizes.hidden, vocabularySize: 0, contextLength: grid.rows,
      layers: sizes.layers, keyValueWidth: sizes.hidden, isCausal: false, segments: 0, grid: grid)
  }
}

extension VisionTransformer {
  package func config() throws(SVFTError) -> JSON.Object {
    let (s, grid) = (settings, settings.grid)
    func sides(_ height: Int, _ width: Int) -> JSON {
      height == width ? .integer(height) : .array([.integer(height), .integer(width)])
    }
    let own: [(key: String, value: JSON)] = [
      ("architectures", [.string(Family.className + "Model")]),
      ("model_type", .string(name)), ("image_size", sides(grid.height, grid.width)),
      ("num_channels", .integer(grid.channels)),
      ("patch_size", sides(grid.patchHeight, grid.patchWidth)), ("qkv_bias", .bool(s.hasBias)),
    ]
    return JSON.Object(own + s.sizes.config)
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
