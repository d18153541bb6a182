// The report of a save: drift on the probe that was asked for, and what the container cannot hold.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct ModelSavingTests {
  @Test func driftIsTheLargestDifferenceOnTheProbe() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let probe = "a dog ran on the mat"
    let report = try JSON.parse(
      model.save(to: tiny.folder.file("a.gguf"), format: "q4_0", probe: probe)
    ).root("report")
    var options = ModelOptions()
    options.threads = 1
    let saved = try Model(path: tiny.folder.file("a.gguf"), options: options)
    let ids = try model.tokenize(probe)
    let (mine, theirs) = (try model.logits(ids), try saved.logits(ids))
    let differences = zip(mine, theirs).map { abs(Double($0) - Double($1)) }
    let drift = try report.object("drift")
    #expect(try drift.double("max") == differences.max())
    let mean = differences.reduce(0, +) / Double(differences.count)
    #expect(abs(try drift.double("mean") - mean) < 1e-9)
    #expect(try drift.double("max") > 1e-3)
  }

  @Test func whereThereIsNoRoomForTheSavedModelItIsNotLookedAt() throws {
    let tiny = try TinyVerbs()
    // Weights of some 14 MB, beside which all else is little.
    let large = TinyModel.llama(
      .init { ($0.vocabulary, $0.hidden, $0.feedForward) = (372, 256, 2000) })
    try large.write(folder: tiny.folder.file("model"))
    var options = ModelOptions()
    options.threads = 1
    func report(_ limit: Int, _ name: String) throws -> (JSON.Object, used: Int) {
      options.memoryLimit = limit
      let model = try Model(path: tiny.folder.file("model"), options: options)
      let report = try JSON.parse(model.save(to: tiny.folder.file(name))).root("report")
      let memory = try JSON.parse(model.describe()).root("description").object("memory")
      return (report, try memory.int("peak"))
    }
    let (free, used) = try report(1 << 40, "free")
    #expect(free.has("drift") && !free.has("unchecked"))
    let (tight, _) = try report(used + used / 4, "tight")
    #expect(!tight.has("drift"))
    #expect(try tight.string("unchecked").contains("memory_limit"))
    // What was written is the model.
    _ = try Model(path: tiny.folder.file("tight")).tokenize("a")
  }

  @Test func anEncodersDriftIsThatOfItsVectors() throws {
    let tiny = try TinyVerbs(encoder: true)
    let report = try JSON.parse(
      tiny.model().save(to: tiny.folder.file("a.gguf"), format: "f16", probe: "the cat")
    ).root("report")
    let largest = try report.object("drift").double("max")
    #expect(largest > 0 && largest < 1e-2)
  }

  @Test func whatGGUFCannotSayOfTheTokenizerIsReported() throws {
    // The fixture's <mark> takes the space behind it along.
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let report = try JSON.parse(model.save(to: tiny.folder.file("a.gguf"))).root("report")
    let lost = try report.strings("lost")
    #expect(lost.count == 1)
    #expect(lost[0].contains("<mark>") && lost[0].contains("rstrip"))
    // A folder takes the file along, and nothing is lost.
    let folder = try JSON.parse(model.save(to: tiny.folder.file("a"))).root("report")
    #expect(!folder.has("lost"))
    let saved = try Model(path: tiny.folder.file("a"))
    #expect(try saved.tokenize("<mark> a") == model.tokenize("<mark>a"))
  }

  @Test func driftIsThatOfWeightsWhereTheContainerReadsTextsOtherwise() throws {
    // Without a piece for a blank, unknown words are one unknown token each in a folder, as in
    // transformers, and one together in a GGUF file, as in llama.cpp.
    let folder = try TemporaryFolder()
    let path = try FamilyFixture(name: "t5-encoder", kind: "answers").copied(to: folder)
    let words = (3..<40).map { #"["▁\#(Unicode.Scalar(UInt8(0x30 + $0)))", -\#($0).5]"# }
    let blanks = #"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}"#
    try folder.write(
      "model/tokenizer.json",
      #"{"version": "1.0", "added_tokens": [], "pre_tokenizer": \#(blanks), "#
        + #""model": {"type": "Unigram", "unk_id": 2, "vocab": [["a", 0], ["b", 0], ["c", 0], "#
        + words.joined(separator: ", ") + "]}}")
    let model = try Model(path: path)
    let report = try JSON.parse(
      model.save(to: folder.file("a.gguf"), format: "f32", probe: "xx yy")
    ).root("report")
    let saved = try Model(path: folder.file("a.gguf"))
    #expect(try model.tokenize("xx yy").count > saved.tokenize("xx yy").count)
    #expect(try report.object("drift").double("max") == 0)
  }
}
