// The fast hash: fixed for all time, blind to how bytes are cut, and not to any change of them.
import SVFTTensor
import Testing

@Suite struct FingerprintTests {
  private static let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 3) }

  private static func hash(_ bytes: some Collection<UInt8>) -> String {
    var hash = Fingerprint()
    Array(bytes).withUnsafeBytes { hash.update($0) }
    return hash.hexadecimal
  }

  @Test(arguments: [
    (0, "717bb63770978d16693184e71371e16bec4defa3c584f65db2ab172e2fdd7f12"),
    (1, "d5593a0fe13be0dca9948b5fa77a31a26cb7b6edff63ba499f1199ef3e510523"),
    (64, "bebd9ab92c4edccf6562ed21444b87bf01b3c831044d69787746b22cd124c74c"),
    (1000, "46bf5e1696960eaa0ef7beddd8a18bcb21cf859b8c5e42ba94c13f71e995a731"),
  ]) func itIsWhatAnotherProgramComputes(_ count: Int, _ expected: String) {
    #expect(Self.hash(Self.bytes[..<count]) == expected)
  }

  @Test func piecesOfAnyLengthAreOneStream() {
    let whole = Self.hash(Self.bytes)
    for piece in 1...130 {
      var hash = Fingerprint()
      for start in stride(from: 0, to: 1000, by: piece) {
        let part = Self.bytes[start..<min(1000, start + piece)]
        Array(part).withUnsafeBytes { hash.update($0) }
      }
      #expect(hash.hexadecimal == whole, "\(piece)")
    }
  }

  @Test func everyBitCounts() {
    var seen: Set<String> = []
    for place in 0..<200 {
      for bit in 0..<8 {
        var changed = Array(Self.bytes[..<200])
        changed[place] ^= 1 << bit
        seen.insert(Self.hash(changed))
      }
      seen.insert(Self.hash(Self.bytes[..<place]))
    }
    #expect(seen.count == 200 * 9)
  }

  @Test func aTextIsItsBytes() {
    var hash = Fingerprint()
    hash.update("naïve")
    #expect(hash.hexadecimal == Self.hash("naïve".utf8))
  }
}
