// The language: every statement and expression of a torture set against jinja2.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct TemplateRunTests {
  @Test func everyCaseOfTheLanguageGivesWhatJinjaGives() throws {
    let golden = try TemplateFixture.golden("language")
    let variables = try golden.value("variables")
    for item in try golden.objects("cases") {
      let source = try item.string("template")
      let expected = try TemplateOutcome(item)
      if expected.text == nil {
        let error = failure { _ = try rendered(source, variables) }
        #expect(error != nil, "\(source)")
        #expect(error?.message.contains("line ") == true, "\(error?.message ?? "")")
      } else {
        do {
          let found = TemplateOutcome(try rendered(source, variables))
          #expect(found == expected, "\(source)\n\(found)\n\(expected)")
        } catch { Issue.record("\(source): \(error)") }
      }
    }
  }

  @Test func errorsNameTheLine() {
    let error = failure { _ = try rendered("a\n{% if true %}\n\n{{ nothing.at_all }}{% endif %}") }
    #expect(error?.kind == .data)
    #expect(error?.message.hasPrefix("line 4: ") == true)
    #expect(error?.message.contains("nothing") == true)
  }

  @Test func aTemplatesOwnRefusalIsItsSentence() {
    let error = failure { _ = try rendered("\n{{ raise_exception('Only one turn.') }}") }
    #expect(error == SVFTError(.data, "line 2: Only one turn."))
  }

  @Test(arguments: [
    "{% generation %}a{% endgeneration %}", "{% filter upper %}a{% endfilter %}",
  ])
  func generationStandsOutsideCapturesOnly(_ inner: String) {
    let source = "{% set a %}\(inner){% endset %}"
    let isGeneration = inner.contains("generation")
    #expect(failure { _ = try rendered(source) }?.kind == (isGeneration ? .unsupported : nil))
  }
}
