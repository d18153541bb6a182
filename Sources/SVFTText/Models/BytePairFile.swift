// The "BPE" model of tokenizer.json: merges as "left right" or ["left", "right"], over bytes
// behind a ByteLevel stage and over characters otherwise, with or without byte tokens.
import SVFTFormats
import SVFTTensor

/// Reads a byte-pair model.
struct BytePairFile {
  private let description: ModelDescription
  private var json: JSON.Object { description.json }
  private let isByteLevel: Bool

  init(_ description: ModelDescription) throws(SVFTError) {
    self.description = description
    isByteLevel = description.preTokenizers.contains { $0 is BytesAsTokens }
    let prefix = try description.json.string("continuing_subword_prefix", default: "")
    guard prefix.isEmpty else {
      throw SVFTError(
        .unsupported,
        "\(description.json.place("continuing_subword_prefix")): expected none, found “\(prefix)”")
    }
    guard try description.json.double("dropout", default: 0) == 0 else {
      throw SVFTError(.unsupported, "\(description.json.place("dropout")): expected none")
    }
  }

  func build() throws(SVFTError) -> BuiltModel {
    let spellings = description.pieces
    let pieces = try PieceTable(
      isByteLevel ? spellings.map { $0.flatMap(ByteAlphabet.decode) } : spellings)
    let merges = try readMerges(pieces)
    var options = BytePairModel<RankedMerges>.Options()
    options.unit = isByteLevel ? .byte : .character
    options.ignoreMerges = try json.bool("ignore_merges", default: false)
    options.fusesUnknown = try json.bool("fuse_unk", default: false)
    options.wordEnd = Array(try json.string("end_of_word_suffix", default: "").utf8)
    let fallsBack = try json.bool("byte_fallback", default: false)
    if fallsBack { options.byteTokens = ByteFallback.tokens(pieces) }
    if json.has("unk_token") {
      let text = try json.string("unk_token")
      guard let id = pieces.find(Array(text.utf8)) else {
        throw SVFTError(.format, "\(json.place("unk_token")): “\(text)” is no token")
      }
      options.unknown = id
    }
    let model = BytePairModel(pieces, try RankedMerges(merges), options)
    return BuiltModel(
      model: model, unknown: options.unknown,
      kind: !options.wordEnd.isEmpty ? nil : isByteLevel ? .gpt2 : fallsBack ? .llama : nil,
      merges: merges,
      ignoresMerges: options.ignoreMerges)
  }

  private func readMerges(_ pieces: PieceTable) throws(SVFTError) -> [MergePair] {
    var merges: [MergePair] = []
    let list = try json.array("merges")
    merges.reserveCapacity(list.count)
    for (rank, entry) in list.enumerated() {
      // Written out only for messages: 280,000 merges are no rarity.
      func place() -> String { "\(json.path).merges[\(rank)]" }
      let left: ArraySlice<UInt8>
      let right: ArraySlice<UInt8>
      if case .string(let text) = entry {
        let bytes = Array(text.utf8)
        guard let blank = bytes.firstIndex(of: 0x20) else {
          throw SVFTError(
            .format, "\(place()): expected two tokens apart by a blank, found “\(text)”")
        }
        left = bytes[..<blank]
        right = bytes[(blank + 1)...]
      } else {
        let parts = try entry.array(place())
        guard parts.count == 2 else {
          throw SVFTError(.format, "\(place()): expected two tokens, found \(parts.count)")
        }
        left = Array(try parts[0].string(place()).utf8)[...]
        right = Array(try parts[1].string(place()).utf8)[...]
      }
      merges.append(try MergePair(left, right, in: pieces, isByteLevel: isByteLevel, place()))
    }
    return merges
  }
}

extension MergePair {
  /// The pair of two spellings.
  ///
  /// Throws `.format` where one or the whole is no token.
  init(
    _ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>, in pieces: PieceTable,
    isByteLevel: Bool, _ place: @autoclosure () -> String
  ) throws(SVFTError) {
    // Parts are sought within the whole: a vocabulary has as many merges as tokens.
    var whole: [UInt8] = []
    whole.reserveCapacity(left.count + right.count)
    func take(_ part: ArraySlice<UInt8>) -> Int? {
      if isByteLevel { return ByteAlphabet.append(part, to: &whole) ? whole.count : nil }
      whole += part
      return whole.count
    }
    guard let cut = take(left), let end = take(right), let first = pieces.find(whole, 0..<cut),
      let second = pieces.find(whole, cut..<end), let joined = pieces.find(whole)
    else {
      let shown = [left, right].map { String(decoding: $0, as: UTF8.self) }
      throw SVFTError(
        .format,
        "\(place()): expected parts and whole that are tokens, found “\(shown[0])” + “\(shown[1])”")
    }
    self.init(left: first, right: second, joined: joined)
  }
}

extension ByteFallback {
  /// The tokens <0x00> … <0xFF> of a vocabulary, -1 for missing ones; nil where there is none.
  static func tokens(_ pieces: PieceTable) -> [Int32]? {
    let digits = Array("0123456789ABCDEF".utf8)
    let ids = (0..<256).map { byte in
      pieces.find(Array("<0x".utf8) + [digits[byte >> 4], digits[byte & 15], UInt8(ascii: ">")])
        ?? -1
    }
    return ids.contains { $0 >= 0 } ? ids : nil
  }
}
