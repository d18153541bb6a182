// DeiT: a second learned row, and the mean of two classifiers.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("DeiT")
struct DeiTTests {
  @Test("A teacher's head reads two rows and is both of its classifiers")
  func pairedHead() throws {
    let model = try Checkpoint(FamilyFixture(name: "deit-teacher", kind: "vision").folder).load()
    let head = try #require(model.classHead)
    #expect(head.projections.map(\.name) == ["cls_classifier", "distillation_classifier"])
    #expect(head.adjacentRows == 2 && head.outputs == 2)
    #expect(
      try model.config().strings("architectures") == ["DeiTForImageClassificationWithTeacher"])
  }

  @Test("Without a teacher one row decides")
  func singleHead() throws {
    let model = try Checkpoint(FamilyFixture(name: "deit", kind: "vision").folder).load()
    let head = try #require(model.classHead)
    #expect(head.projections.map(\.name) == ["classifier"] && head.adjacentRows == 1)
    #expect(model.architecture.geometry.grid?.specials == 2)
  }
}
