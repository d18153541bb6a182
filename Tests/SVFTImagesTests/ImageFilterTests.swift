// Filters for resizing, by number.
import SVFTImages
import SVFTTensor
import Testing

@Suite struct ImageFilterTests {
  @Test func numbersAreThoseOfPillow() throws {
    #expect(try ImageFilter(number: 2, "resample") == .bilinear)
    #expect(try ImageFilter(number: 3, "resample") == .bicubic)
    for number in [0, 6, -1] {
      let failure = #expect(throws: SVFTError.self) {
        try ImageFilter(number: number, "resample")
      }
      #expect(failure?.kind == .unsupported)
      #expect(failure?.message.contains("resample: expected 1 (lanczos), 2 (bilinear)") == true)
    }
  }
}
