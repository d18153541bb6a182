// Formats that end too early or ask for too much; what good ones give is held against jinja2 in
// TemplateRunTests.
import SVFTTensor
import SVFTText
import Testing

@Suite struct TemplateFormatReaderTests {
  @Test(arguments: [
    ("{{ '%99999999d' % 1 }}", SVFTError.Kind.limit), ("{{ '{:99999999}'.format(1) }}", .limit),
    ("{{ '%.99999999f' % 1 }}", .limit),
    ("{{ '%9999999d%9999999d%9999999d' % (1, 2, 3) }}", .limit),
    ("{{ '%*d' % (99999999, 1) }}", .data), ("{{ '%' % () }}", .data), ("{{ '%5' % 1 }}", .data),
    ("{{ '%(a' % {'a': 1} }}", .data), ("{{ '{'.format() }}", .data),
    ("{{ '{0'.format(1) }}", .data),
    ("{{ '{0:'.format(1) }}", .data), ("{{ '{0!'.format(1) }}", .unsupported),
    ("{{ '{:{:{}}}'.format(1, 2, 3) }}", .data), ("{{ '{99}'.format(1) }}", .data),
    ("{{ '{999999999999999999999}'.format(1) }}", .data),
  ])
  func whatIsWrongIsAnError(_ source: String, _ kind: SVFTError.Kind) {
    let error = failure { _ = try rendered(source) }
    #expect(error?.kind == kind, "\(source): \(error?.message ?? "no error")")
  }

  @Test func everyPrefixOfAFormatIsHarmless() {
    for whole in ["%(name)-08.3f|%+*d", "{0.a[b]!r:*>{w},.3f}|{{}}"] {
      for count in 0...whole.count {
        let format = whole.prefix(count)
        _ = failure { _ = try rendered("{{ '\(format)' % {'name': 1} }}") }
        _ = failure { _ = try rendered("{{ '\(format)'.format({'a': {'b': 1}}, w=9) }}") }
      }
    }
  }
}
