// Cuts between scripts; expected are the words of the `tokenizers` package.
import SVFTFormats
import SVFTText
import Testing

@Suite struct SplitScriptsTests {
  @Test(arguments: [
    ("the cat, 12 dogs", ["the cat", ", 12 ", "dogs"]),
    ("どこで生れ\u{3002}Yes", ["どこで生れ", "\u{3002}", "Yes"]),
    ("どこで生れーた カナ漢字", ["どこで生れーた カナ漢字"]),
    ("  lead", ["lead"]),
    ("", []),
    ("  ", []),
    (" x я ж, y", ["x ", "я ж", ", ", "y"]),
    ("a\u{301}b", ["a", "\u{301}", "b"]),
    ("Ωmega βeta", ["Ω", "mega ", "β", "eta"]),
  ])
  func wordsEndWhereTheScriptChanges(_ text: String, _ expected: [String]) throws {
    #expect(try words(text, by: ["type": "UnicodeScripts"]) == expected)
  }
}
