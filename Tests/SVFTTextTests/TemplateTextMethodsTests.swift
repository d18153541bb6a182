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

  /// Widths below nothing, and texts that grow faster than they are paid for.
  @Test(arguments: [
    ("{{ 'a'.ljust(LEAST) }}{{ 'a'.rjust(LEAST) }}{{ 'a'.center(LEAST) }}", "aaa"),
    ("{{ '+5'.zfill(LEAST) }}{{ 'a'|center(LEAST) }}", "+5a"),
  ])
  func theLeastWidthIsNone(_ source: String, _ expected: String) throws {
    let least = source.replacing("LEAST", with: "(-9223372036854775807 - 1)")
    #expect(try rendered(least).text == expected)
  }

  @Test(arguments: [
    "{% set n = namespace(s='a') %}{% for i in range(40) %}{% set n.s = '%(a)s%(a)s%(a)s%(a)s' % "
      + "{'a': n.s} %}{% endfor %}",
    "{{ ('{0}' * 100000).format('a' * 100000) }}",
    "{{ ('%(a)s' * 100000)|format(a='a' * 100000) }}",
    "{% set n = namespace(x=['a']) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}"
      + "{% endfor %}{{ n.x }}",
    "{% set n = namespace(x={'a': 1}) %}{% for i in range(60) %}{% set n.x = {'a': n.x, 'b': n.x} "
      + "%}{% endfor %}{{ n.x|tojson }}",
    "{{ ('\\n' * 100000)|indent('a' * 100000, blank=true) }}",
    "{{ ('\\n' * 1000000)|indent(1000, true, true) }}",
    "{{ ([1] * 100000)|tojson(indent='a' * 100000) }}",
    "{{ ([1] * 100000)|tojson(separators=('a' * 100000, 'b')) }}",
    "{% set n = namespace(x=['a']) %}{% for i in range(20) %}{% set n.x = [n.x, n.x] %}"
      + "{% endfor %}{% for i in range(10000) %}{{ n.x == n.x }}{% endfor %}",
  ])
  func whatGrowsFasterThanItsWorkIsALimit(_ source: String) {
    let error = failure { _ = try rendered(source) }
    #expect(error?.kind == .limit, "\(error?.message ?? "no error")")
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
