// What families of encoders say of themselves is read as themselves.
import Foundation
import SVFTFormats
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("EncoderFamily")
struct EncoderFamilyTests {
  @Test("A config.json that is made says the same model", arguments: FamilyFixture.encoders)
  func selfDescription(_ fixture: FamilyFixture) throws {
    let model = try Checkpoint(fixture.folder).load()
    let folder = try TemporaryFolder()
    let config = try model.architecture.config()
    #expect(try config.string("model_type") == fixture.config().string("model_type"))
    let text = try JSON.object(config).text(.pretty)
    try AtomicFile.write(folder.file("config.json"), text: text)
    try FileManager.default.copyItem(
      atPath: fixture.folder + "/model.safetensors", toPath: folder.file("model.safetensors"))
    let again = try Checkpoint(folder.path).load()
    #expect(again.architecture.geometry == model.architecture.geometry)
    #expect(again.classHead?.outputs == model.classHead?.outputs)
    let ids: [[Int32]] = [[5, 6, 7]]
    let (x, y) = try (
      ModelProbe(model, .classes, rows: 4)(ids), ModelProbe(again, .classes, rows: 4)(ids)
    )
    #expect(x == y)
  }
}
