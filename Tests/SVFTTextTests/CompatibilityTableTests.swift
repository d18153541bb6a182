// The table against the standard library: what it makes is decomposed canonically, and every
// character that lower and wide forms share is there.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct CompatibilityTableTests {
  @Test func formsStayAsTheyAre() throws {
    // A line feed keeps characters apart.
    let all = (UInt32(0xA0)..<0x2FA20).compactMap(Unicode.Scalar.init)
    let once = try lines(all.map(String.init))
    let twice = try lines(once)
    #expect(once.count == all.count)
    let changed = zip(all, once).count { Array($1.unicodeScalars) != [$0] }
    for (a, b) in zip(once, twice) { #expect(Array(a.utf8) == Array(b.utf8)) }
    #expect(changed > 16_000)
  }

  private func lines(_ lines: [String]) throws -> [String] {
    let text = try normalized(lines.joined(separator: "\n"), by: ["type": "NFKD"])
    return text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
      .map { String($0) }
  }

  @Test func wideLettersAreLetters() throws {
    for offset in UInt32(0)..<94 {
      let (wide, plain) = (Unicode.Scalar(0xFF01 + offset), Unicode.Scalar(0x21 + offset))
      guard let wide, let plain else { continue }
      #expect(try normalized(String(wide), by: ["type": "NFKC"]) == String(plain))
    }
  }
}
