// The cutting stages, by the words they leave.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct PreTokenizerTests {
  @Test(arguments: [
    (#"{"type":"Digits","individual_digits":true}"#, "ab12 3", ["ab", "1", "2", " ", "3"]),
    (#"{"type":"Digits","individual_digits":false}"#, "ab12 3", ["ab", "12", " ", "3"]),
    (#"{"type":"WhitespaceSplit"}"#, " a, b\u{3000}c\n", ["a,", "b", "c"]),
    (
      #"{"type":"BertPreTokenizer"}"#, "a-b 'c'$ d。", ["a", "-", "b", "'", "c", "'", "$", "d", "。"]
    ),
    (
      #"{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},"#
        + #"{"type":"Digits","individual_digits":true}]}"#, "a1 2", ["a", "1", "2"]
    ),
  ])
  func stagesLeaveTheseWords(_ json: String, _ text: String, _ expected: [String]) throws {
    #expect(try words(text, by: try JSON.parse(json)) == expected)
  }

  @Test func aBlankGoesBeforeWordsWhereByteLevelWantsIt() throws {
    let stage: JSON = ["type": "ByteLevel", "add_prefix_space": true]
    let tokenizer = try Tokenizer(
      json: try TinyTokenizer.bytes.changed(["pre_tokenizer"], to: stage))
    #expect(try tokenizer.decode(tokenizer.encode("the sea")) == " the sea")
    #expect(try tokenizer.decode(tokenizer.encode(" the sea")) == " the sea")
  }

  @Test(arguments: [#"{"type":"Scripts"}"#, #"{"type":"FixedLength","length":5}"#])
  func unknownStagesAreRefusedByName(_ json: String) throws {
    let error = failure { _ = try words("x", by: try JSON.parse(json)) }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains(json.split(separator: "\"")[3]) == true)
  }
}
