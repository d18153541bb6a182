// What families say of themselves is consistent.
import SVFTFormats
import SVFTLayers
import SVFTModels
import TestKit
import Testing

@Suite("DecoderFamily")
struct DecoderFamilyTests {
  @Test("config.json of a family is read as that family", arguments: FamilyFixture.all)
  func modelType(_ fixture: FamilyFixture) throws {
    let checkpoint = try Checkpoint(fixture.folder)
    let made = try checkpoint.load().architecture.config()
    let kind = try fixture.config().string("model_type")
    #expect(try made.string("model_type") == kind)
    #expect(try made.array("architectures") == fixture.config().array("architectures"))
  }
}
