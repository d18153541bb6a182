// Numbers of bytes in words.
import SVFT
import SVFTTensor
import Testing

struct ByteCountTests {
  @Test(arguments: [
    ("0", 0), ("1", 1), ("512M", 512 << 20), ("2g", 2 << 30), ("1.5K", 1536), ("8K", 8192),
    ("5GB", 5_000_000_000), ("500mb", 500_000_000), ("3KiB", 3072), ("2GiB", 2 << 30),
    ("10kb", 10_000), ("1.5GB", 1_500_000_000), ("77", 77),
  ]) func sizesHaveUnits(_ text: String, _ count: Int) throws {
    #expect(try ByteCount.parse(text, "limit") == count)
  }

  @Test(arguments: [
    "", "M", "-1", "1T", "nan", "inf", "1e30", "9e9G", "12 M", "0x10", "+3", "99999999999GB",
    "1.2.3", "٣",
  ]) func otherSizesAreRefused(_ text: String) {
    let failure = #expect(throws: SVFTError.self) { try ByteCount.parse(text, "limit") }
    #expect(failure?.kind == .invalidArgument && failure?.message.hasPrefix("limit:") == true)
  }
}
