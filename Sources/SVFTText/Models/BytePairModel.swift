// Byte-pair encoding over bytes (GPT-2 and its heirs) or over characters with a fallback to byte
// tokens (SentencePiece). What may be joined, and when, is the merge rule's.
//
// The last symbol of a word may be another token than the same letters within one ("t</w>" beside
// "t"). Two shortcuts keep the result: words seen before come from a cache, and where no token
// holds a marker "▁" after another character, no merge can cross such a place, so a long text falls
// into words there.
import SVFTTensor

/// What the first symbols of a word are.
enum SymbolUnit: Sendable {
  /// Single bytes.
  case byte
  /// Unicode characters.
  case character
}

/// The byte-pair encoder for one vocabulary.
struct BytePairModel<Rule: MergeRule>: TokenModel {
  /// The choices that vocabularies differ in.
  struct Options: Sendable {
    var unit = SymbolUnit.byte
    /// A word that is a token as a whole is not taken apart.
    var ignoreMerges = false
    /// The 256 tokens that stand for single bytes, where a character is no token.
    var byteTokens: [Int32]?
    /// The token for what nothing else can express; without it such text is dropped.
    var unknown: Int32?
    /// Neighbouring unknowns are one.
    var fusesUnknown = false
    /// What the last symbol of a word has behind it in the vocabulary.
    var wordEnd: [UInt8] = []
  }

  private static var marker: [UInt8] { [0xE2, 0x96, 0x81] }
  private static var longestCached: Int { 48 }

  private let pieces: PieceTable
  private let rule: Rule
  private let options: Options
  private let singleBytes: [Int32]
  private let breaksAtMarkers: Bool
  /// Whether what no token can express becomes something, and is not left out.
  private let keepsAll: Bool

  init(_ pieces: PieceTable, _ rule: Rule, _ options: Options) {
    self.pieces = pieces
    self.rule = rule
    self.options = options
    singleBytes = (0..<256).map { pieces.find([UInt8(truncatingIfNeeded: $0)]) ?? -1 }
    keepsAll = Rule.joinsUnknown || options.unknown != nil || options.byteTokens != nil
    // Markers join over what is left out between them.
    breaksAtMarkers =
      keepsAll && options.unit == .character && options.wordEnd.isEmpty
      && pieces.find(Self.marker) != nil
      && !(0..<pieces.count).contains { Self.nextBreak(pieces[$0], 0, pieces[$0].count) != nil }
  }

  func encode(_ words: Words, into ids: inout [Int32]) {
    var chain = SymbolChain()
    var cache = WordCache(bytes: words.text.count)
    for word in words.ranges {
      var isAfterUnknown = false
      var start = word.lowerBound
      while start < word.upperBound {
        let end =
          breaksAtMarkers
          ? Self.nextBreak(words.text, start, word.upperBound) ?? word.upperBound
          : word.upperBound
        let range = start..<end
        start = end
        if range.count > Self.longestCached || options.fusesUnknown && isAfterUnknown {
          encode(words.text, range, &chain, &isAfterUnknown, into: &ids)
        } else if !cache.recall(words.text, range, into: &ids) {
          let before = ids.count
          encode(words.text, range, &chain, &isAfterUnknown, into: &ids)
          if !isAfterUnknown { cache.keep(words.text, range, ids[before...]) }
        }
      }
    }
  }

  /// The first place after `start` where a marker follows another character, or nil.
  private static func nextBreak(_ text: [UInt8], _ start: Int, _ end: Int) -> Int? {
    var index = start
    var isAfterMarker = true
    while index < end {
      let isMarker =
        text[index] == 0xE2 && index + 2 < end && text[index + 1] == 0x96
        && text[index + 2] == 0x81
      if isMarker && !isAfterMarker { return index }
      isAfterMarker = isMarker
      index += isMarker ? 3 : 1
    }
    return nil
  }

  private func encode(
    _ text: [UInt8], _ word: Range<Int>, _ chain: inout SymbolChain,
    _ isAfterUnknown: inout Bool, into ids: inout [Int32]
  ) {
    if options.ignoreMerges, let id = wholeWord(text, word) {
      ids.append(id)
      return
    }
    chain.clear()
    fill(&chain, text, word)
    chain.join(text, rule)
    chain.forEach { symbol in
      if symbol.id >= 0 {
        ids.append(symbol.id)
        isAfterUnknown = false
      } else if let tokens = byteTokens(text, Int(symbol.start)..<Int(symbol.end)) {
        ids.append(contentsOf: tokens)
        isAfterUnknown = false
      } else if let unknown = options.unknown {
        if !(isAfterUnknown && options.fusesUnknown) { ids.append(unknown) }
        isAfterUnknown = true
      }
    }
  }

  /// The word as its first symbols.
  ///
  /// What no token can express is left out, as the format's own implementation does.
  private func fill(_ chain: inout SymbolChain, _ text: [UInt8], _ word: Range<Int>) {
    switch options.unit {
    case .byte:
      for index in word {
        let id = symbol(text, index..<index + 1, isLast: index + 1 == word.upperBound)
        if id >= 0 || keepsAll { chain.append(id, index, index + 1) }
      }
    case .character:
      text.forEachUnit(in: word) { index, unit in
        let end = index + unit.length
        let id = symbol(text, index..<end, isLast: end == word.upperBound)
        if id >= 0 || keepsAll { chain.append(id, index, end) }
      }
    }
  }

  private func wholeWord(_ text: [UInt8], _ word: Range<Int>) -> Int32? {
    options.wordEnd.isEmpty
      ? pieces.find(text, word) : pieces.find(Array(text[word]) + options.wordEnd)
  }

  /// The first symbol at `range`, -1 where it is no token.
  private func symbol(_ text: [UInt8], _ range: Range<Int>, isLast: Bool) -> Int32 {
    if isLast, !options.wordEnd.isEmpty {
      return pieces.find(Array(text[range]) + options.wordEnd) ?? -1
    }
    return range.count == 1
      ? singleBytes[Int(text[range.lowerBound])] : pieces.find(text, range) ?? -1
  }

  private func byteTokens(_ text: [UInt8], _ range: Range<Int>) -> [Int32]? {
    guard let tokens = options.byteTokens else { return nil }
    let ids = range.map { tokens[Int(text[$0])] }
    return ids.contains { $0 < 0 } ? nil : ids
  }
}
