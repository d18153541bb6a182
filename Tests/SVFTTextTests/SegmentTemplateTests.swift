// Special tokens around texts, and the segments of pairs.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct SegmentTemplateTests {
  private func tokenizer(_ processor: JSON) throws -> Tokenizer {
    try Tokenizer(json: [
      "model": ["type": "BPE", "vocab": ["a": 0, "b": 1, "C": 2, "S": 3], "merges": []],
      "post_processor": processor,
    ])
  }

  @Test(arguments: [
    (#"{"type":"BertProcessing","cls":["C",2],"sep":["S",3]}"#, [2, 0, 3, 1, 3], [0, 0, 0, 1, 1]),
    (
      #"{"type":"RobertaProcessing","cls":["C",2],"sep":["S",3]}"#, [2, 0, 3, 3, 1, 3],
      [0, 0, 0, 0, 0, 0]
    ),
    (#"{"type":"ByteLevel"}"#, [0, 1], [0, 0]),
    (#"{"type":"Sequence","processors":[{"type":"ByteLevel"}]}"#, [0, 1], [0, 0]),
  ])
  func pairsAreJoined(_ json: String, _ ids: [Int32], _ segments: [Int32]) throws {
    let encoding = try tokenizer(try JSON.parse(json)).encodePair("a", "b")
    #expect(encoding.ids == ids)
    #expect(encoding.segments == segments)
  }

  @Test func aTemplateIsFollowed() throws {
    let json = try JSON.parse(
      #"{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}},"#
        + #"{"SpecialToken":{"id":"S","type_id":0}}],"pair":[{"Sequence":{"id":"B","type_id":1}},"#
        + #"{"SpecialToken":{"id":"S","type_id":1}},{"Sequence":{"id":"A","type_id":0}}],"#
        + #""special_tokens":{"S":{"id":"S","ids":[3],"tokens":["S"]}}}"#)
    #expect(try tokenizer(json).encode("ab") == [0, 1, 3])
    #expect(try tokenizer(json).encode("ab", addSpecial: false) == [0, 1])
    let pair = try tokenizer(json).encodePair("a", "b")
    #expect(pair.ids == [1, 3, 0])
    #expect(pair.segments == [1, 1, 0])
  }

  /// What the tokenizers package keeps of both texts, "longest_first".
  @Test(arguments: [
    (4, 4, 11, 4, 4), (4, 4, 10, 3, 4), (4, 4, 9, 3, 3), (6, 2, 9, 4, 2), (2, 6, 9, 2, 4),
    (6, 3, 8, 3, 2), (3, 6, 8, 2, 3), (6, 1, 7, 3, 1), (9, 9, 3, 0, 0), (1, 9, 4, 0, 1),
    (9, 1, 4, 1, 0), (5, 5, 2, 0, 0),
  ]) func theLongerTextIsCutFirst(
    _ first: Int, _ second: Int, _ limit: Int, _ keptFirst: Int, _ keptSecond: Int
  ) throws {
    let tokenizer = try tokenizer(
      try JSON.parse(#"{"type":"BertProcessing","cls":["C",2],"sep":["S",3]}"#))
    let encoding = try tokenizer.encodePair(
      String(repeating: "a", count: first), String(repeating: "b", count: second), limit: limit)
    #expect(encoding.ids.count { $0 == 0 } == keptFirst)
    #expect(encoding.ids.count { $0 == 1 } == keptSecond)
    #expect(encoding.ids.count <= limit && encoding.segments.count == encoding.ids.count)
    if limit >= 3 { #expect(encoding.ids.first == 2 && encoding.ids.last == 3) }
  }

  @Test func aLoneTextKeepsWhatIsAroundIt() throws {
    let tokenizer = try tokenizer(
      try JSON.parse(#"{"type":"BertProcessing","cls":["C",2],"sep":["S",3]}"#))
    #expect(try tokenizer.encodePair("aaaaa", nil, limit: 4).ids == [2, 0, 0, 3])
    #expect(try tokenizer.encodePair("aa", nil, limit: 4).ids == [2, 0, 0, 3])
    #expect(try tokenizer.encodePair("aa", nil, limit: 1).ids == [2])
  }

  @Test(arguments: [
    #"{"type":"BertProcessing","cls":["C",9],"sep":["S",3]}"#,
    #"{"type":"BertProcessing","cls":["C"],"sep":["S",-3]}"#,
    #"{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"X","type_id":0}}],"#
      + #""pair":[],"special_tokens":{}}"#,
    #"{"type":"TemplateProcessing","single":[{"Sequence":{"id":"B","type_id":0}}],"#
      + #""pair":[],"special_tokens":{}}"#,
    #"{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":-1}}],"#
      + #""pair":[],"special_tokens":{}}"#,
  ])
  func templatesOfAbsentTokensAreRefused(_ json: String) throws {
    #expect(failure { _ = try tokenizer(try JSON.parse(json)) }?.kind == .format)
  }
}
