// Stages one after the other work on what the earlier ones left.
import SVFTFormats
import SVFTText
import Testing

@Suite struct WordsTests {
  @Test func rewritingKeepsTheCutsMadeBefore() throws {
    let stages: JSON = [
      "type": "Sequence",
      "pretokenizers": [
        ["type": "WhitespaceSplit"],
        ["type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"],
        ["type": "Digits", "individual_digits": true],
      ],
    ]
    #expect(try words("ab c1", by: stages) == ["▁ab", "▁c", "1"])
    #expect(try words(" ", by: stages) == [])
    #expect(try words("", by: stages) == [])
  }
}
