// The table of scripts at its ends and where it was changed.
import SVFTFormats
import SVFTText
import Testing

@Suite struct ScriptTableTests {
  /// Whether two characters are of one script, so that nothing cuts between them.
  private func isOne(_ a: String, _ b: String) throws -> Bool {
    try words(a + b, by: ["type": "UnicodeScripts"]).count == 1
  }

  @Test(arguments: [
    ("a", "z"), ("あ", "ア"), ("ア", "漢"), ("ー", "漢"), ("1", "!"), ("a", " "),
    ("\u{E0101}", "\u{301}"),
  ])
  func oneScript(_ a: String, _ b: String) throws {
    #expect(try isOne(a, b))
  }

  @Test(arguments: [("a", "я"), ("a", "1"), ("漢", "한"), ("a", "α"), ("א", "ا"), ("\u{10400}", "a")])
  func twoScripts(_ a: String, _ b: String) throws {
    #expect(try !isOne(a, b))
  }
}
