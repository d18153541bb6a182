// Options of saving as C and Python pass them.
import SVFT
import SVFTTensor
import TestKit
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
    "{", "{}x", #"{"form":"q8_0"}"#, #"{"format":1}"#, #"{"max_shard_size":"GB"}"#,
    #"{"max_shard_size":"5TB"}"#,
    #"{"max_shard_size":"1.5.2GB"}"#, #"{"max_shard_size":"99999999999GB"}"#,
  ])
  func otherWordsAreRefused(_ words: String) {
    let failure = #expect(throws: SVFTError.self) { try SavingOptions(words) }
    #expect(failure?.kind == .invalidArgument)
  }

  @Test func sizesMayBeWords() throws {
    #expect(try SavingOptions(#"{"max_shard_size":"5GB"}"#).maxShardSize == 5_000_000_000)
    #expect(try SavingOptions(#"{"max_shard_size":77}"#).maxShardSize == 77)
  }

  /// Through whichever door.
  @Test func aFileOfNoBytesIsRefused() throws {
    let tiny = try TinyVerbs()
    for size in [0, -5] {
      var options = SavingOptions()
      options.maxShardSize = size
      let failure = #expect(throws: SVFTError.self) {
        try tiny.model().save(to: tiny.folder.file("out"), options)
      }
      #expect(failure?.kind == .invalidArgument)
    }
  }
}
