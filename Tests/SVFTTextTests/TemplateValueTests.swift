// Values as Python prints, orders and writes them; most of it is held against jinja2 in
// TemplateRunTests.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct TemplateValueTests {
  @Test(
    arguments: [
      (["é", "it's", .null, 1.0, 1e22, true], #"['é', "it's", None, 1.0, 1e+22, True]"#),
      (["a": ["b": [], "c": [:]]], "{'a': {'b': [], 'c': {}}}"),
      (["\u{200B}\u{E000}\u{10FFFF}\u{7F}"], #"['\u200b\ue000\U0010ffff\x7f']"#),
    ] as [(JSON, String)])
  func listsPrintTheirElementsAsPythonDoes(_ value: JSON, _ expected: String) throws {
    #expect(try rendered("{{ v }}", ["v": value]).text == expected)
  }

  @Test func charactersAreComparedByTheirNumbers() throws {
    let values: JSON = ["a": "é", "b": "e\u{301}"]
    #expect(
      try rendered("{{ a == b }} {{ a|length }}{{ b|length }} {{ a in b }}", values).text
        == "False 12 False")
  }

  @Test func keysThatLookTheSameAreTwo() throws {
    let table: JSON = ["é": 1, "e\u{301}": 2]
    #expect(try rendered("{{ t|length }}{{ t['é'] }}", ["t": table]).text == "21")
  }

  @Test(arguments: [
    ("{{ v|tojson }}", #"{"a": [1, 2.5, null], "b/": "\u001f<é>"}"#),
    (
      "{{ v|tojson(indent=1) }}",
      "{\n \"a\": [\n  1,\n  2.5,\n  null\n ],\n \"b/\": \"\\u001f<é>\"\n}"
    ),
  ])
  func jsonIsWrittenAsPythonDoes(_ source: String, _ expected: String) throws {
    let value: JSON = ["a": [1, 2.5, .null], "b/": "\u{1F}<é>"]
    #expect(try rendered(source, ["v": value]).text == expected)
  }
}
