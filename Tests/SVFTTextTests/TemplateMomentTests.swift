// Dates in words. The expected ones are `date -u -d @…`'s.
import SVFTTensor
import SVFTText
import Testing

@Suite struct TemplateMomentTests {
  private static let all =
    "{{ strftime_now('%Y-%m-%d %j %a %A %b %B %H:%M:%S %I%p %y %e %-d %F %T %%') }}"

  @Test(arguments: [
    (0, "1970-01-01 001 Thu Thursday Jan January 00:00:00 12AM 70  1 1 1970-01-01 00:00:00 %"),
    (
      951_868_799,
      "2000-02-29 060 Tue Tuesday Feb February 23:59:59 11PM 00 29 29 2000-02-29 23:59:59 %"
    ),
    (
      1_735_603_201,
      "2024-12-31 366 Tue Tuesday Dec December 00:00:01 12AM 24 31 31 2024-12-31 00:00:01 %"
    ),
    (
      4_107_542_400,
      "2100-03-01 060 Mon Monday Mar March 00:00:00 12AM 00  1 1 2100-03-01 00:00:00 %"
    ),
  ])
  func momentsAreWrittenByTheCalendar(_ now: Int, _ expected: String) throws {
    #expect(try rendered(Self.all, now: now).text == expected)
  }

  @Test func withoutAMomentThereIsNoSuchFunction() throws {
    #expect(try rendered("{{ strftime_now is defined }}").text == "False")
    #expect(failure { _ = try rendered("{{ strftime_now('%Y') }}") }?.kind == .data)
    #expect(failure { _ = try rendered("{{ strftime_now('%Q') }}", now: 0) }?.kind == .unsupported)
    #expect(failure { _ = try rendered("{{ strftime_now('%') }}", now: 0) }?.kind == .unsupported)
    for now in [Int.min, -1, Int.max] { _ = try rendered(Self.all, now: now) }
  }
}
