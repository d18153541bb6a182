// Filters: what goes wrong in them; what they give is held against jinja2 in TemplateRunTests.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct TemplateFiltersTests {
  @Test(arguments: [
    "{{ 1|list }}", "{{ 'a'|abs }}", "{{ 'a'|round }}", "{{ 1|round(method='up') }}",
    "{{ [1, 'a']|sum }}", "{{ [1]|items }}", "{{ {}.x|join }}{{ 1|join }}",
    "{{ 'a'|indent('b', 1)|int|length }}",
    "{{ 'a'|indent(99999999) }}", "{{ [1]|map }}", "{{ [1]|map('length')|list }}",
    "{{ 'a'|replace(1, 2, 'x') }}",
    "{{ 5|selectattr('a') }}", "{{ [[1], 'a']|sort }}",
  ])
  func wrongValuesAreDataErrors(_ source: String) {
    #expect(failure { _ = try rendered(source) }?.kind == .data, "\(source)")
  }

  @Test func unknownNamesInsideFiltersAreNamed() {
    #expect(failure { _ = try rendered("{{ [1]|map('nosuch') }}") }?.kind == .unsupported)
    #expect(failure { _ = try rendered("{{ [1]|select('nosuch') }}") }?.kind == .unsupported)
  }

  @Test func sortingKeepsEqualOnesInOrder() throws {
    let rows: JSON = [["k": 1, "v": "a"], ["k": 0, "v": "b"], ["k": 1, "v": "c"]]
    let source =
      "{{ r|sort(attribute='k')|map(attribute='v')|join }}"
      + "{{ r|sort(true, attribute='k')|map(attribute='v')|join }}"
    #expect(try rendered(source, ["r": rows]).text == "bacacb")
  }
}
