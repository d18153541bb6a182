// Compatibility decompositions by character, out of the words of CompatibilityTable. What they give
// is decomposed canonically already and still to be put into order.

/// What characters are compatible with.
enum CompatibleForm {
  /// The decompositions that canonical decomposition does not make.
  static let forms: [UInt32: [Unicode.Scalar]] = {
    var forms: [UInt32: [Unicode.Scalar]] = [:]
    var next: UInt32 = 0
    for word in CompatibilityTable.words.split(whereSeparator: \.isWhitespace) {
      let sides = word.split(separator: "=")
      let place = (sides.first ?? "").split(separator: "*").map { UInt32($0, radix: 36) ?? 0 }
      let values = (sides.last ?? "").split(separator: ".").map { UInt32($0, radix: 36) ?? 0 }
      let start = next + (place.first ?? 0)
      let count = place.count > 1 ? place[1] : 1
      for step in 0..<count {
        let further = values.count == 1 ? step : 0
        forms[start + step] = values.compactMap { Unicode.Scalar($0 + further) }
      }
      next = start + count
    }
    return forms
  }()
}
