// A tiny checkpoint with something said otherwise in its config.json: what a family does in its own
// way is seen by what its logits become without.
import Foundation
import SVFTFormats
import SVFTModels
import SVFTTensor
import TestKit

/// The fixture `name` with `change` made to its config.json.
struct FamilyVariant {
  private let golden: FamilyFixture.Golden
  private let folder: TemporaryFolder

  init(
    _ name: String, kind: String = "families", _ change: (inout JSON.Object) -> Void = { _ in }
  ) throws {
    let fixture = FamilyFixture(name: name, kind: kind)
    golden = try fixture.golden()
    folder = try TemporaryFolder()
    var config = try fixture.config()
    change(&config)
    try AtomicFile.write(folder.file("config.json"), text: JSON.object(config).text(.pretty))
    try FileManager.default.copyItem(
      atPath: fixture.folder + "/model.safetensors", toPath: folder.file("model.safetensors"))
  }

  func load() throws -> LoadedModel { try Checkpoint(folder.path).load() }

  /// How far logits are from those of the unchanged model, by their largest.
  func distance() throws -> Float {
    let found = try ModelProbe(load(), .languageModel, rows: 16)([golden.ids])
    return relative(found.joined(), try golden.values("logits"))
  }

  /// The metadata of the GGUF file this model would become, as they print.
  func metadata() throws -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: try load().architecture.metadata().map { ($0.key, "\($0.value)") })
  }
}
