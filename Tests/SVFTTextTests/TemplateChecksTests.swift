// Tests of values: what goes wrong in them; what they give is held against jinja2 in
// TemplateRunTests.
import SVFTTensor
import SVFTText
import Testing

@Suite struct TemplateChecksTests {
  @Test(arguments: [
    "{{ 'a' is odd }}", "{{ 1 is divisibleby 0 }}", "{{ 1 is eq }}", "{{ 1 is lt 'a' }}",
    "{{ 1 is in 2 }}",
  ])
  func wrongValuesAreDataErrors(_ source: String) {
    #expect(failure { _ = try rendered(source) }?.kind == .data, "\(source)")
  }

  @Test(arguments: [
    ("{{ 1 is sameas 1 }}{{ 1 is sameas 1.0 }}", "TrueFalse"),
    ("{{ range is callable }}{{ 'a'.upper is callable }}{{ 'a' is callable }}", "TrueTrueFalse"),
    ("{{ 'upper' is filter }}{{ 'odd' is test }}{{ 'x' is test }}", "TrueTrueFalse"),
    ("{{ (0 - 9223372036854775807 - 1) is divisibleby(-1) }}", "True"),
  ])
  func kindsAreTold(_ source: String, _ expected: String) throws {
    #expect(try rendered(source).text == expected)
  }
}
