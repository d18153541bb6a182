// Methods of strings: what goes wrong in them, and what widths cost; what they give is held against
// jinja2 in TemplateRunTests.
import SVFTTensor
import SVFTText
import Testing

@Suite struct TemplateTextMethodsTests {
  @Test(arguments: [
    ("{{ 'a'.center() }}", SVFTError.Kind.data), ("{{ 'a'.center('x') }}", .data),
    ("{{ 'a'.ljust(4, 'xy') }}", .data), ("{{ 'a'.zfill(9999999999) }}", .limit),
    ("{{ 'a'.center(9999999999) }}", .limit), ("{{ 'a'|center(9999999999) }}", .limit),
    ("{{ 'a'.partition('') }}", .data), ("{{ 'a'.index('b') }}", .data),
    ("{{ 'a'.find('a', 'b') }}", .data), ("{{ 'a'.encode() }}", .data),
    ("{{ [1]|batch(0) }}", .data), ("{{ [1]|slice(-1) }}", .data),
    ("{{ [1]|slice(9999999999) }}", .limit), ("{{ [1]|batch(9999999999, 0)|length }}", .limit),
    ("{{ 'abc'|truncate(-5, true, '') }}", .data),
  ])
  func whatIsWrongIsAnError(_ source: String, _ kind: SVFTError.Kind) {
    let error = failure { _ = try rendered(source) }
    #expect(error?.kind == kind, "\(source): \(error?.message ?? "no error")")
  }

  @Test func boundsBeyondTheTextAreItsEnds() throws {
    let bounds = [Int.min + 1, -9, 0, 2, 9, Int.max]
    for start in bounds {
      for end in bounds {
        let text = try rendered("{{ 'abab'.count('b', \(start), \(end)) }}").text
        #expect(["0", "1", "2"].contains(text))
      }
    }
  }
}
