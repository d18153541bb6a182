// Searching, cutting and trimming texts of characters with origins.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct TemplateCharacterTests {
  @Test(arguments: [
    ("{{ 'aabaabaaab'.split('aaab') }}", "['aabaab', '']"),
    ("{{ 'abababa'.replace('aba', 'x') }}", "xbx"),
    (
      "{{ 'aXbXc'.rsplit('X', 1) }}",
      "['aX', 'c']"
        .replacing("aX", with: "aXb")
    ),
    ("{{ 'ababac'.find('abac') }}", "2"), ("{{ '\u{3000}\u{1C}a\u{85}'.strip() }}", "a"),
    ("{{ 'aaa'.rfind('aa') }}{{ ''.find('a') }}", "1-1"),
  ])
  func textsAreSearchedAsPythonDoes(_ source: String, _ expected: String) throws {
    #expect(try rendered(source).text == expected)
  }

  @Test func moreMessagesThanOriginsAreForeignAtTheEnd() throws {
    var variables = Template.Variables()
    let element = JSON.Object([("a", "a")])
    try variables.set(numbered: "m", Array(repeating: element, count: 3_000))
    let rendering = try Template("{{ m|map(attribute='a')|join }}").render(variables)
    #expect(rendering.stretches.first?.origin == 1)
    #expect(rendering.stretches.last?.origin == Rendering.foreign)
    #expect(rendering.stretches.last?.range.upperBound == 3_000)
  }
}
