// Qwen 2 and 2.5 (Yang et al. 2024, arXiv:2407.10671): Llama with biases on queries, keys and
// values, and, where asked for, a window on the layers from `max_window_layers` on.
package import SVFTFormats
package import SVFTTensor

/// The family of Qwen 2.
package enum Qwen2: DecoderFamily {
  package static let names = ["qwen2"]
  package static let className = "Qwen2"
  package static let keys = DecoderKeys { $0.usualContext = 32_768 }
  package static let ggufRules = GGUFRules(fixesHeadWidth: true)

  package static func complete(
    _ settings: inout DecoderSettings, _ hyper: Hyperparameters
  ) throws(SVFTError) {
    try settings.readRotary(hyper, keys)
    settings.biases = [.query, .key, .value]
    try settings.readLateWindows(hyper)
  }

  package static func config(_ settings: DecoderSettings) throws(SVFTError) -> [(String, JSON)] {
    settings.lateWindowConfig
  }

  package static func metadata(_ settings: DecoderSettings) throws(SVFTError)
    -> [(String, GGUFValue)]
  {
    try settings.requireInGGUF(settings.window == nil, "Qwen's window")
    return []
  }
}

extension DecoderSettings {
  /// Reads Qwen's window: only with `use_sliding_window`, and from layer `max_window_layers` on.
  mutating func readLateWindows(_ hyper: Hyperparameters) throws(SVFTError) {
    guard try hyper.flag("use_sliding_window", default: false) else { return }
    if hyper.values["sliding_window"] == nil {
      window = 4096
    } else {
      try readWindow(hyper)
    }
    let first = try hyper.integer("max_window_layers", in: 0...65_536, default: 28)
    try readWindows(hyper) { $0 >= first }
  }

  /// What config.json says of it.
  var lateWindowConfig: [(String, JSON)] {
    guard let window else { return [("use_sliding_window", false)] }
    return [
      ("use_sliding_window", true), ("sliding_window", .integer(window)),
      ("layer_types", layerTypes),
    ]
  }
}
