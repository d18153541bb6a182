// Cutting a source into tags; most of it is held against jinja2 in TemplateRunTests.
import SVFTTensor
import SVFTText
import Testing

@Suite struct TemplateLexerTests {
  @Test(arguments: [
    ("{{ \"\\u00e9\\x41\\n\" }}", "éA\n"), ("{{ '\\U0001F600' }}", "😀"), ("{{ 'a\\\nb' }}", "ab"),
    ("{{ 0b101 }} {{ 0o17 }} {{ 1_0.5e1 }}", "5 15 105.0"), ("{{ {'}}': 1}['}}'] }}", "1"),
    ("a\r\n{# x #}\r\nb", "a\nb"), ("{% if 1 -%}\n\n x {%- endif %}", "x"),
  ])
  func tagsAreReadAsPythonReadsThem(_ source: String, _ expected: String) throws {
    #expect(try rendered(source).text == expected)
  }

  @Test(arguments: [
    "{{ 99999999999999999999 }}", "{{ '\\xg0' }}", "{{ '\\ud800' }}", "{{ ? }}", "{{ (] }}",
    "{{ 'a", "{# ", "{% raw %}", "{{ 0x }}",
  ])
  func brokenTagsAreFormatErrors(_ source: String) {
    let error = failure { _ = try rendered("\n" + source) }
    #expect(error?.kind == .format)
    #expect(error?.message.hasPrefix("line 2: ") == true)
  }
}
