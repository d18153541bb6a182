// What a model sees of what callers give it by name: texts become tokens, and for a model of images
// a name is the path of a picture or a data URI.
import SVFTImages
import SVFTLayers
import SVFTModels
import SVFTTensor
import SVFTText

extension Model {
  /// Inputs of texts, of pairs of texts, or of pictures; the caller holds the gate. Texts are cut
  /// to the context, or to `limit` tokens.
  ///
  /// Throws `.invalidArgument` for pairs that are not as many as texts, or of pictures.
  func inputs(
    _ texts: [String], pairs: [String?] = [], limit: Int? = nil
  ) throws(SVFTError) -> [Example] {
    guard pairs.isEmpty || pairs.count == texts.count else {
      throw SVFTError(
        .invalidArgument,
        "expected as many pairs as texts, found \(pairs.count) and \(texts.count)")
    }
    if let grid = network.geometry.grid { return try pictures(texts, pairs, rows: grid.rows) }
    var inputs: [Example] = []
    for (index, text) in texts.enumerated() {
      let pair = pairs.isEmpty ? nil : pairs[index]
      let encoded = try tokenizer.encodePair(
        text, pair, limit: min(contextLength, limit ?? contextLength))
      if pair != nil { try encoded.requireSegments(network.geometry.segments) }
      inputs.append(
        Example(ids: encoded.ids, segments: pair == nil ? nil : encoded.segments))
    }
    return inputs
  }

  private func pictures(
    _ names: [String], _ pairs: [String?], rows: Int
  ) throws(SVFTError) -> [Example] {
    try requireImages()
    guard pairs.allSatisfy({ $0 == nil }) else {
      throw SVFTError(.invalidArgument, "expected no pairs for a model of images, found some")
    }
    var inputs: [Example] = []
    for name in names { inputs.append(Example(.image(try ImageSource(name), rows: rows))) }
    return inputs
  }
}
