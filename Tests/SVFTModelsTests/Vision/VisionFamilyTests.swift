// What vision families say of themselves is read as themselves; what they have beside is kept.
import Foundation
import SVFTFormats
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("VisionFamily")
struct VisionFamilyTests {
  @Test("A config.json that is made says the same model", arguments: FamilyFixture.vision)
  func selfDescription(_ fixture: FamilyFixture) throws {
    let model = try Checkpoint(fixture.folder).load()
    let folder = try TemporaryFolder()
    let config = try model.architecture.config()
    #expect(try config.string("model_type") == fixture.config().string("model_type"))
    try AtomicFile.write(
      folder.file("config.json"), text: JSON.object(config).text(.pretty))
    try FileManager.default.copyItem(
      atPath: fixture.folder + "/model.safetensors", toPath: folder.file("model.safetensors"))
    let again = try Checkpoint(folder.path).load()
    #expect(again.architecture.geometry == model.architecture.geometry)
    #expect(again.classHead?.outputs == model.classHead?.outputs)
    #expect(try again.architecture.config() == config)
  }

  @Test("What is written names the class of its head", arguments: FamilyFixture.vision)
  func classes(_ fixture: FamilyFixture) throws {
    let model = try Checkpoint(fixture.folder).load()
    #expect(
      try model.config().strings("architectures") == fixture.config().strings("architectures"))
  }

  @Test("GGUF files are refused by the family's name", arguments: FamilyFixture.vision)
  func metadata(_ fixture: FamilyFixture) throws {
    let model = try Checkpoint(fixture.folder).load()
    let failure = #expect(throws: SVFTError.self) { try model.metadata() }
    #expect(failure?.kind == .unsupported)
    #expect(failure?.message.contains("iT of images") == true)
  }
}
