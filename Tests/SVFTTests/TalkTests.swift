// Conversations out of JSON.
import SVFT
import SVFTFormats
import SVFTTensor
import Testing

@Suite struct TalkTests {
  private func talk(_ text: String) throws -> DataRecord.Talk {
    try DataRecord.Talk(try JSON.parse(text).root("talk"))
  }

  @Test func messagesKeepAllTheyHave() throws {
    let talk = try talk(
      #"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},"#
        + #"{"type":"text","text":"b"}]},{"role":"assistant","content":null,"tool_calls":[{}]},"#
        + #"{"role":"tool","content":"1","name":"f"}],"tools":[{"name":"f"}],"#
        + #""chat_template_kwargs":{"x":1}}"#)
    #expect(talk.messages.map(\.content) == ["ab", nil, "1"])
    #expect(talk.messages[2].fields["name"] == "f")
    #expect(talk.tools == [["name": "f"]])
    #expect(talk.variables["x"] == 1)
  }

  @Test(arguments: [
    #"{"messages":[]}"#, #"{"messages":{}}"#, #"{"messages":[{"role":"user"}]}"#,
    #"{"messages":[{"role":"user","content":[{"type":"image"}]}]}"#,
    #"{"messages":[{"role":"user","content":7}]}"#,
    #"{"messages":[{"role":"user","content":"a"}],"tools":["f"]}"#,
    #"{"messages":[{"role":"user","content":"a"}],"chat_template_kwargs":[]}"#,
    #"{"messages":[{"role":"king","content":"a"}]}"#,
  ])
  func malformedOnesAreErrors(_ text: String) {
    let kind = kind { _ = try talk(text) }
    #expect(kind == .data || kind == .format)
  }
}
