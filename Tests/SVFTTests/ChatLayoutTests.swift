// What the built-in layouts write, and when each is chosen.
import SVFT
import SVFTFormats
import SVFTTensor
import Testing

@Suite struct ChatLayoutTests {
  private let question = DataRecord.Message(role: "user", content: "hi")
  private let answer = DataRecord.Message(role: "assistant", content: "yes")

  @Test func chatmlPutsItsMarkersAroundEachMessage() throws {
    let layout = ChatLayout(.chatml, hasMarkers: true)
    let turn = try layout.turn(question)
    #expect(
      turn.pieces == [
        .marker("<|im_start|>"), .text(frame: "user\n", content: "hi"), .marker("<|im_end|>"),
        .text(frame: "", content: "\n"),
      ])
    #expect(try !turn.fromAssistant && layout.turn(answer).fromAssistant)
    #expect(
      layout.invitation == [
        .marker("<|im_start|>"), .text(frame: "assistant\n", content: ""),
      ])
  }

  @Test func plainNamesTheSpeaker() throws {
    let layout = ChatLayout(.plain, hasMarkers: true)
    #expect(try layout.turn(question).pieces == [.text(frame: "User: ", content: "hi\n\n")])
    #expect(layout.invitation == [.text(frame: "Assistant:", content: "")])
  }

  @Test func autoGoesByTheVocabulary() throws {
    for (hasMarkers, expected) in [(true, ChatLayout.chatml), (false, .plain)] {
      let layout = ChatLayout(.auto, hasMarkers: hasMarkers)
      #expect(try layout.turn(answer) == expected.turn(answer))
    }
  }

  @Test func callsOfToolsAreNotLaidOut() throws {
    let json = #"{"messages":[{"role":"assistant","tool_calls":[{"name":"f"}]}]}"#
    let talk = try DataRecord.Talk(try JSON.parse(json).root("talk"))
    let message = try #require(talk.messages.first)
    #expect(kind { _ = try ChatLayout.chatml.turn(message) } == .data)
  }
}
