// The expressions that "Replace" knows.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct RunReplaceTests {
  @Test(arguments: [
    (" {2,}", " a  b   ", " a_b_"), (" +", " a\t ", "_a\t_"), (#"\s+"#, "\t a\u{3000}", "_a_"),
    (#"\s"#, "\t a", "__a"), (#"\s{2,}"#, "a b\n\n", "a b_"),
  ])
  func runsBecomeTheContent(_ expression: String, _ text: String, _ expected: String) throws {
    let json: JSON = [
      "type": "Replace", "pattern": ["Regex": .string(expression)], "content": "_",
    ]
    #expect(try normalized(text, by: json) == expected)
  }
}
