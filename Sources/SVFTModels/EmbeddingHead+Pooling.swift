// How the rows of a sequence become one, and what files call it: switches of older versions of
// sentence-transformers ("pooling_mode_cls_token": true; several stand side by side in the order of
// the cases below), words of newer ones ("pooling_mode": "cls", or a list in the order wanted), and
// numbers of GGUF files.
import SVFTFormats
import SVFTLayers
import SVFTTensor

extension EmbeddingHead {
  /// A way of pooling, by its word.
  package enum Pooling: String, Sendable, CaseIterable {
    /// The first row.
    case cls
    /// The largest number of each column.
    case max
    /// The sum by the number of rows.
    case mean
    /// The sum by the root of the number of rows.
    case rootMean = "mean_sqrt_len_tokens"
    /// The mean in which the n-th row counts n times.
    case weightedMean = "weightedmean"
    /// The last row.
    case last = "lasttoken"
  }
}

extension EmbeddingHead.Pooling {
  var piece: Selection.Piece {
    switch self {
    case .cls: Selection.Piece(.first)
    case .max: Selection.Piece(.sequence, .largest)
    case .mean: Selection.Piece(.sequence)
    case .rootMean: Selection.Piece(.sequence, .rootMean)
    case .weightedMean: Selection.Piece(.sequence, .weightedMean)
    case .last: Selection.Piece(.last)
    }
  }

  /// `pooling_type` of GGUF files, in llama.cpp's numbers; nil where they have none.
  package var gguf: Int? {
    switch self {
    case .mean: 1
    case .cls: 2
    case .last: 3
    case .max, .rootMean, .weightedMean: nil
    }
  }

  /// Its switch in config.json.
  var key: String {
    switch self {
    case .cls: "pooling_mode_cls_token"
    case .max: "pooling_mode_max_tokens"
    case .mean: "pooling_mode_mean_tokens"
    case .rootMean: "pooling_mode_mean_sqrt_len_tokens"
    case .weightedMean: "pooling_mode_weightedmean_tokens"
    case .last: "pooling_mode_lasttoken"
    }
  }

  private static let word = "pooling_mode"

  /// What the config.json of a Pooling module chooses; the mean, where it chooses nothing.
  static func chosen(by config: JSON.Object) throws(SVFTError) -> [Self] {
    // The word, where there is one, counts before the switches.
    if config.has(word) { return try named(by: config) }
    var chosen: [String] = []
    for key in config.keys where key.hasPrefix(word + "_") {
      guard try config.bool(key, default: false) else { continue }
      guard allCases.contains(where: { $0.key == key }) else {
        throw SVFTError(.unsupported, "\(key) is not supported")
      }
      chosen.append(key)
    }
    if chosen.isEmpty, !config.has(mean.key) { return [.mean] }
    guard !chosen.isEmpty else {
      throw SVFTError(.unsupported, "expected a pooling mode, found none")
    }
    return allCases.filter { chosen.contains($0.key) }
  }

  private static func named(by config: JSON.Object) throws(SVFTError) -> [Self] {
    var words: [String] = []
    if case .array = config[word] {
      words = try config.strings(word)
    } else {
      words = [try config.string(word)]
    }
    // More than one of each is no choice, and vectors of any width.
    guard (1...allCases.count).contains(words.count) else {
      throw SVFTError(
        .unsupported, "\(word): expected 1 to \(allCases.count) modes, found \(words.count)")
    }
    var modes: [Self] = []
    for name in words {
      guard let mode = Self(rawValue: name.lowercased()) else {
        throw SVFTError(.unsupported, "\(word) \(name.debugDescription) is not supported")
      }
      modes.append(mode)
    }
    return modes
  }
}
