// The small stages of normalisation, one by one and in sequence, and names that are not known.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct NormalizerTests {
  @Test(arguments: [
    (#"{"type":"Prepend","prepend":"▁"}"#, "ab", "▁ab"),
    (#"{"type":"Prepend","prepend":"▁"}"#, "", ""),
    (#"{"type":"Replace","pattern":{"String":" "},"content":"▁"}"#, " a  b", "▁a▁▁b"),
    (#"{"type":"Replace","pattern":{"String":"aa"},"content":"b"}"#, "aaaaa", "bba"),
    (#"{"type":"Lowercase"}"#, "ÀB ΑΣ İ", "àb ας i̇".replacing("ς", with: "σ")),
    (#"{"type":"Strip","strip_left":true,"strip_right":false}"#, " \u{3000}a ", "a "),
    (#"{"type":"Strip"}"#, " \n ", ""),
    (
      #"{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"<"},{"type":"Sequence","#
        + #""normalizers":[{"type":"Lowercase"},{"type":"Prepend","prepend":"X"}]}]}"#, "A", "X<a"
    ),
  ])
  func stagesDoWhatTheirNamesSay(_ json: String, _ text: String, _ expected: String) throws {
    let result = try normalized(text, by: try JSON.parse(json))
    #expect(Array(result.utf8) == Array(expected.utf8))
  }

  @Test(arguments: [
    #"{"type":"NFKX"}"#,
    #"{"type":"Replace","pattern":{"Regex":"(a+)+$"},"content":""}"#,
  ])
  func unknownStagesAreRefusedByName(_ json: String) throws {
    let error = failure { _ = try normalized("x", by: try JSON.parse(json)) }
    #expect(error?.kind == .unsupported)
    let name = json.contains("Regex") ? "Regex" : String(json.split(separator: "\"")[3])
    #expect(error?.message.contains(name) == true)
  }

  @Test(arguments: [
    #"{"type":"Replace","pattern":{"String":""},"content":"x"}"#, #"{"type":"Prepend"}"#, "[]",
    #"{"type":7}"#, #"{}"#, #"{"type":"Sequence","normalizers":{}}"#,
  ])
  func brokenStagesAreFormatErrors(_ json: String) throws {
    let error = failure { _ = try normalized("x", by: try JSON.parse(json)) }
    #expect(error?.kind == .format)
  }
}
