// What is no template, and what we do not know of the language, refused with its line.
import SVFTTensor
import SVFTText
import Testing

@Suite struct TemplateParserTests {
  @Test(arguments: [
    "{% include 'x' %}", "{% extends 'x' %}", "{% block a %}{% endblock %}", "{% do x %}",
    "{% for a in b recursive %}{% endfor %}", "{{ f(*a) }}", "{{ f(**a) }}", "{{ a|nosuch }}",
    "{{ a is nosuch }}", "{{ a|map.b }}",
  ])
  func whatIsNotKnownIsNamed(_ source: String) {
    let error = failure { _ = try Template("\n\n" + source) }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.hasPrefix("line 3: ") == true)
  }

  @Test(arguments: [
    "{{ a[] }}", "{{ a[1:2:3:4] }}", "{{ f(a=1, 2) }}", "{% macro m(a=1, b) %}{% endmacro %}",
    "{% call 1 %}{% endcall %}", "{% continue %}", "{% for i in a %}{% macro m() %}{% break %}",
    "{{ a is odd is even }}", "{{ {1} }}", "{% set a.b.c = 1 %}", "{% endif %}", "{{ a if }}",
  ])
  func whatIsMalformedIsAFormatError(_ source: String) {
    #expect(failure { _ = try Template(source) }?.kind == .format, "\(source)")
  }

  @Test func aMacroWithoutItsEndNamesIt() {
    let error = failure { _ = try Template("{% macro m() %}") }
    #expect(error?.message.contains("endmacro") == true)
  }

  @Test func generationIsSeenBeforeItRuns() throws {
    #expect(try Template("{%- generation -%}{%- endgeneration -%}").marksGeneration)
    #expect(try !Template("{{ 'generation' }}").marksGeneration)
  }
}
