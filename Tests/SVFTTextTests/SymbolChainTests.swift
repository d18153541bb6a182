// The linked list with its queue against byte-pair encoding as its definition says it: again and
// again, join the pair of the lowest rank, the leftmost first.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct SymbolChainTests {
  /// The definition, in quadratic time, over pairs of spellings with their ranks.
  private func slow(_ word: [String], _ merges: [[String]: Int]) -> [String] {
    var parts = word
    while true {
      var best: (rank: Int, place: Int)?
      for place in parts.indices.dropLast() {
        if let rank = merges[[parts[place], parts[place + 1]]], rank < best?.rank ?? .max {
          best = (rank, place)
        }
      }
      guard let best else { return parts }
      parts[best.place] += parts.remove(at: best.place + 1)
    }
  }

  @Test(arguments: [3, 40, 255, 256, 257, 1200]) func longAndShortWordsFollowTheDefinition(
    _ length: Int
  ) throws {
    // Pairs of letters and of their joins: many ties, many stale entries.
    var spellings = ["a", "b", "c"]
    var merges: [[String]] = []
    for pair in [["a", "b"], ["b", "b"], ["c", "a"], ["ab", "c"], ["ab", "ab"], ["bb", "a"]]
      + [["abab", "abab"], ["a", "a"], ["aa", "aa"], ["aa", "a"], ["c", "bb"]]
    {
      merges.append(pair)
      spellings.append(pair.joined())
    }
    var vocabulary = JSON.Object()
    for (id, spelling) in spellings.enumerated() { vocabulary[spelling] = .integer(id) }
    let tokenizer = try Tokenizer(json: [
      "model": [
        "type": "BPE", "vocab": .object(vocabulary),
        "merges": .array(merges.map { .array($0.map { .string($0) }) }),
      ]
    ])
    var ranks: [[String]: Int] = [:]
    for (rank, pair) in merges.enumerated() { ranks[pair] = rank }
    var state: UInt64 = 7
    for _ in 0..<20 {
      let word = (0..<length).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return ["a", "a", "b", "c"][Int(state >> 62)]
      }
      let ids = try tokenizer.encode(word.joined(), addSpecial: false)
      #expect(
        try ids.map { String(decoding: try tokenizer.spelling($0), as: UTF8.self) }
          == slow(word, ranks))
    }
  }
}
