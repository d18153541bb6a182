// Arithmetic at its ends; the middle is held against jinja2 in TemplateRunTests.
import SVFTTensor
import SVFTText
import Testing

@Suite struct TemplateArithmeticTests {
  @Test(arguments: [
    ("{{ 9223372036854775807 + 1 }}", SVFTError.Kind.limit),
    ("{{ -9223372036854775807 - 2 }}", .limit), ("{{ 9223372036854775807 * 2 }}", .limit),
    ("{{ (-9223372036854775807 - 1) // -1 }}", .limit), ("{{ 2 ** 63 }}", .limit),
    ("{{ 2 ** 99999999999 }}", .limit), ("{{ 1 % 0 }}", .data), ("{{ 1.0 // 0 }}", .data),
    ("{{ 1.5 ** 2 }}", .unsupported), ("{{ none + 1 }}", .data), ("{{ -'a' }}", .data),
    ("{{ 1e308 * 10 }}", .limit),
  ])
  func whatHasNoResultIsAnError(_ source: String, _ kind: SVFTError.Kind) {
    #expect(failure { _ = try rendered(source) }?.kind == kind, "\(source)")
  }

  @Test(arguments: [
    ("{{ 2 ** 62 }} {{ (-1) ** 99999999999 }} {{ 0 ** 0 }}", "4611686018427387904 -1 1"),
    ("{{ -7 // 2 }} {{ -7 % 2 }} {{ 7 % -2 }} {{ -7.5 % 2 }}", "-4 1 -1 0.5"),
    ("{{ (-9223372036854775807 - 1) % -1 }}", "0"), ("{{ true + true }}", "2"),
  ])
  func signsAreTreatedAsPythonDoes(_ source: String, _ expected: String) throws {
    #expect(try rendered(source).text == expected)
  }
}
