// The peak of resident memory grows with what is touched.
import SVFTTensor
import Testing

@Suite struct ProcessMemoryTests {
  @Test func touchedMemoryRaisesThePeak() throws {
    let before = try #require(ProcessMemory.peak)
    let buffer = try Buffer(byteCount: before + 64 << 20)
    let after = try #require(ProcessMemory.peak)
    #expect(after >= buffer.byteCount)
  }
}
