// Numbers in fields at the ends of their ranges, and in a host that writes decimal commas; all else
// is held against jinja2 in TemplateRunTests.
import Foundation
import SVFTTensor
import SVFTText
import Testing

@Suite struct TemplateLayoutTests {
  @Test(arguments: [
    ("{{ '%d' % x }}", "-9223372036854775808"), ("{{ '%x' % x }}", "-8000000000000000"),
    ("{{ '{:,}'.format(x) }}", "-9,223,372,036,854,775,808"),
    ("{{ '{:b}'.format(x)|length }}", "65"), ("{{ '%f' % y }}", "inf"),
    ("{{ '%+F' % -y }}", "-INF"), ("{{ '%d' % 1e18 }}", "1000000000000000000"),
  ])
  func endsOfTheRangesAreWritten(_ source: String, _ expected: String) throws {
    let variables = "{% set x = -9223372036854775807 - 1 %}{% set y = 1e999 %}"
    #expect(try rendered(variables + source).text == expected)
  }

  @Test func beyondThemIsAnError() {
    #expect(failure { _ = try rendered("{{ '%d' % 1e30 }}") }?.kind == .limit)
    #expect(failure { _ = try rendered("{{ 1e30|int }}") }?.kind == .limit)
    #expect(failure { _ = try rendered("{{ '1e30'|int }}") }?.kind == .limit)
    #expect(failure { _ = try rendered("{{ (-9223372036854775807 - 1)|abs }}") }?.kind == .limit)
    #expect(failure { _ = try rendered("{{ '{:08,}'.format(7) }}") }?.kind == .unsupported)
  }

  @Test func aHostsDecimalCommaPlaysNoPart() throws {
    // Of the locales of a machine some may be missing; the thread's own is set back.
    let names = ["de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"]
    let comma = names.lazy.compactMap { newlocale(1 << LC_NUMERIC, $0, nil) }.first
    let before = comma.map { uselocale($0) }
    defer { if let before { uselocale(before) } }
    #expect(try rendered("{{ '%.2f' % 1.5 }}").text == "1.50")
    if let comma { #expect(uselocale(nil) == comma) }
  }
}
