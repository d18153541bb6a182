// Stages that look at one character at a time.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct CharacterFiltersTests {
  @Test(arguments: [
    (#"{"type":"StripAccents"}"#, "e\u{301}é\u{903}x\u{20DD}", "eéx"),
    (#"{"type":"Nmt"}"#, "a\u{1}b\u{7F}\tc\u{200B}d\u{2581}e\u{FEFF}", "ab c d e "),
    (#"{"type":"Append","append":"!"}"#, "ab", "ab!"), (#"{"type":"Append","append":"!"}"#, "", ""),
    (#"{"type":"ByteLevel"}"#, "é a", "Ã©Ġa"),
  ])
  func stagesDoWhatTheirNamesSay(_ json: String, _ text: String, _ expected: String) throws {
    #expect(Array(try normalized(text, by: try JSON.parse(json)).utf8) == Array(expected.utf8))
  }
}
