// Token ids to text while they arrive: what is handed out is always complete UTF-8. The bytes of a
// character that is not whole yet wait for the next token; those that can never become one turn
// into U+FFFD.
//
// Invariant: the strings of all pushes and of `finish` together are `Tokenizer.decode` of all ids.
package import SVFTTensor

/// Decodes one stream of tokens.
package struct StreamDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skipSpecial: Bool
  private var waiting: [UInt8] = []
  private var isFirst = true
  /// The last token that was not skipped.
  private var previous: Int32?

  /// A decoder at the beginning of a text; or, with `continuing`, behind other text.
  package init(_ tokenizer: Tokenizer, skipSpecial: Bool = true, continuing: Bool = false) {
    self.tokenizer = tokenizer
    self.skipSpecial = skipSpecial
    isFirst = !continuing
  }

  /// The text that is complete with this token; often one token's, sometimes none.
  ///
  /// Throws `.invalidArgument` for an id outside the vocabulary.
  package mutating func push(_ id: Int32) throws(SVFTError) -> String {
    let bytes = try tokenizer.bytes(
      id, isFirst: isFirst, after: previous, skipSpecial: skipSpecial)
    guard let bytes else { return "" }
    isFirst = false
    previous = id
    waiting += bytes
    let complete = waiting.count - Self.openTail(waiting)
    let text = String(decoding: waiting[..<complete], as: UTF8.self)
    waiting.removeFirst(complete)
    return text
  }

  /// What is left at the end: nothing, or U+FFFD for a character that was never finished.
  package mutating func finish() -> String {
    let text = String(decoding: waiting, as: UTF8.self)
    waiting = []
    return text
  }

  /// How many bytes at the end may be the beginning of a character.
  private static func openTail(_ bytes: [UInt8]) -> Int {
    for length in 1...3 where length <= bytes.count {
      let start = bytes.count - length
      let lead = bytes[start]
      if lead & 0xC0 == 0x80 { continue }
      let needed = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
      guard lead >= 0xC2, lead <= 0xF4, needed > length else { return 0 }
      if length == 1 { return length }
      // The second byte decides whether the sequence can still be well formed.
      let second = bytes[start + 1]
      let range: ClosedRange<UInt8> =
        switch lead {
        case 0xE0: 0xA0...0xBF
        case 0xED: 0x80...0x9F
        case 0xF0: 0x90...0xBF
        case 0xF4: 0x80...0x8F
        default: 0x80...0xBF
        }
      return range.contains(second) ? length : 0
    }
    return 0
  }
}
