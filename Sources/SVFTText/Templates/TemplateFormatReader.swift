// Reading a text with places for values, from left to right.
import SVFTTensor

/// Walks over the characters of a format.
struct FormatReader {
  let text: TemplateText
  var place = 0

  var next: Unicode.Scalar? { place < text.count ? text[place].scalar : nil }

  /// Whether the next character is this one, which is taken then.
  mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    place += 1
    return true
  }

  /// The characters up to one of `ends`, which stays.
  mutating func through(_ ends: Set<Unicode.Scalar>) -> TemplateText {
    let start = place
    while let next, !ends.contains(next) { place += 1 }
    return TemplateText(text[start..<place])
  }

  /// A number in digits, or nil.
  mutating func number() throws(SVFTError) -> Int? {
    let start = place
    while let next, "0"..."9" ~= next { place += 1 }
    guard place > start else { return nil }
    guard place - start <= 7 else {
      throw SVFTError(.limit, "expected a width of at most seven digits, found \(place - start)")
    }
    return Int(TemplateText(text[start..<place]).string)
  }
}
