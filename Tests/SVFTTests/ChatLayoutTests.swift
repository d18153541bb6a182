// What the built-in layouts write, and when each is chosen.
import SVFT
import SVFTTensor
import Testing

@Suite struct ChatLayoutTests {
  private let question = DataRecord.Message(role: "user", content: "hi")
  private let answer = DataRecord.Message(role: "assistant", content: "yes")

  @Test func chatmlPutsItsMarkersAroundEachMessage() throws {
    let layout = try ChatLayout(.chatml, hasTemplate: false, hasMarkers: true)
    let turn = layout.turn(question)
    #expect(
      turn.pieces == [
        .marker("<|im_start|>"), .text(frame: "user\n", content: "hi"), .marker("<|im_end|>"),
        .text(frame: "", content: "\n"),
      ])
    #expect(!turn.fromAssistant && layout.turn(answer).fromAssistant)
    #expect(
      layout.invitation == [
        .marker("<|im_start|>"), .text(frame: "assistant\n", content: ""),
      ])
  }

  @Test func plainNamesTheSpeaker() throws {
    let layout = try ChatLayout(.plain, hasTemplate: false, hasMarkers: true)
    #expect(layout.turn(question).pieces == [.text(frame: "User: ", content: "hi\n\n")])
    #expect(layout.invitation == [.text(frame: "Assistant:", content: "")])
  }

  @Test func autoGoesByTheVocabularyAndNeverOverAnUnknownTemplate() throws {
    for (hasMarkers, expected) in [(true, ChatLayout.chatml), (false, .plain)] {
      let layout = try ChatLayout(.auto, hasTemplate: false, hasMarkers: hasMarkers)
      #expect(layout.turn(answer) == expected.turn(answer))
      #expect(
        kind { _ = try ChatLayout(.auto, hasTemplate: true, hasMarkers: hasMarkers) }
          == .unsupported)
      _ = try ChatLayout(.chatml, hasTemplate: true, hasMarkers: hasMarkers)
    }
  }
}
