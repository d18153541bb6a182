// What reads inputs: a folder's preprocessing must fit its model, and may be missing until a
// picture is read.
import Foundation
import SVFT
import SVFTTensor
import TestKit
import Testing

@Suite struct InputReaderTests {
  @Test func picturesOfAnotherSizeThanTheModelsAreRefused() throws {
    let tiny = try TinyPictures()
    try tiny.folder.write("model/preprocessor_config.json", #"{"size": 16}"#)
    let failure = #expect(throws: SVFTError.self) { try tiny.model() }
    #expect(failure?.kind == .mismatch)
    #expect(
      failure?.message.contains("12×12") == true && failure?.message.contains("16×16") == true)
  }

  @Test func aModelWithoutPreprocessingRunsButReadsNoPictures() throws {
    let tiny = try TinyPictures()
    try FileManager.default.removeItem(atPath: tiny.path + "/preprocessor_config.json")
    let model = try tiny.model()
    #expect(try model.save(to: tiny.folder.file("saved")).contains("drift"))
    for body in [
      { _ = try model.classify(tiny.pictures) }, { _ = try model.embed(tiny.pictures) },
      { _ = try model.evaluate(tiny.data) },
    ] {
      let failure = #expect(throws: SVFTError.self) { try body() }
      #expect(failure?.kind == .io)
      #expect(failure?.message.contains("preprocessor_config.json") == true)
    }
  }
}
