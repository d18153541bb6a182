// Options of saving as C and Python pass them.
import SVFT
import SVFTTensor
import Testing

@Suite struct SavingOptionsTests {
  @Test func wordsAreTheNameOfAFormatOrAnObject() throws {
    #expect(try SavingOptions(nil) == SavingOptions())
    #expect(try SavingOptions("q8_0").format == "q8_0")
    let options = try SavingOptions(
      #"{"format":"nf4","max_shard_size":"2GB","calibration":"a.txt","probe":"b"}"#)
    #expect(options.format == "nf4" && options.maxShardSize == 2_000_000_000)
    #expect(options.calibration == "a.txt" && options.probe == "b")
    #expect(try SavingOptions(#"{"max_shard_size":4096,"format":null}"#).maxShardSize == 4096)
  }

  @Test(arguments: [
    "{", "{}x", #"{"form":"q8_0"}"#, #"{"format":1}"#, #"{"max_shard_size":0}"#,
    #"{"max_shard_size":-5}"#, #"{"max_shard_size":"GB"}"#, #"{"max_shard_size":"5TB"}"#,
    #"{"max_shard_size":"1.5GB"}"#, #"{"max_shard_size":"99999999999GB"}"#,
  ])
  func otherWordsAreRefused(_ words: String) {
    let failure = #expect(throws: SVFTError.self) { try SavingOptions(words) }
    #expect(failure?.kind == .invalidArgument)
  }

  @Test func sizesAreTransformers() throws {
    for (text, size) in [
      ("5GB", 5_000_000_000), ("500mb", 500_000_000), ("3KiB", 3072), ("2GiB", 2 << 30),
      ("1MiB", 1 << 20), ("10kb", 10_000), ("77", 77),
    ] {
      #expect(try SavingOptions.bytes(text) == size)
    }
  }
}
