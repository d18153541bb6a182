// Examples of encoder-decoders, by hand and as records become them.
import SVFT
import Testing

struct ExampleAnswerTests {
  @Test func theAnswerIsGivenOnePositionLater() {
    let example = Example(source: [7, 8], answer: [4, -100, 5, 1], start: 9)
    #expect(example.source == [7, 8] && example.ids == [9, 4, 9, 5])
    #expect(example.labels == [4, -100, 5, 1] && example.counted == 3 && example.tokenCount == 6)
    #expect(Example(source: [7], answer: [], start: 9).ids == [])
  }

  @Test func aTextIsReadAndGivenOnceMore() {
    var example = Example(ids: [4, 5, 1], label: .name("a")).repeated(from: 0)
    #expect(example.source == [4, 5, 1] && example.ids == [0, 4, 5] && example.counted == 1)
    example = Example(ids: [4, 5, 1], labels: [5, 1, -100]).repeated(from: 0)
    #expect(example.labels == [4, 5, 1])
    #expect(example.repeated(from: 0) == example)
    #expect(Example(ids: [4]).repeated(from: nil) == Example(ids: [4]))
  }
}
