// Every tiny checkpoint against transformers: the output of each layer, logits, gradients; through
// a cache, through GGUF, and described again.
import Foundation
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("TransformerDecoder")
struct TransformerDecoderTests {
  @Test("There are checkpoints of every family of decoders")
  func complete() throws {
    let kinds = try Set(FamilyFixture.all.map { try $0.config().string("model_type") })
    let fixtures = FamilyFixture.encoders + FamilyFixture.answers + FamilyFixture.vision
    let others = try Set(fixtures.map { try $0.config().string("model_type") })
    for family in Architectures.all where others.isDisjoint(with: family.names) {
      #expect(family.names.contains { kinds.contains($0) }, "\(family.names)")
    }
  }

  @Test("Layers and logits equal those of transformers", arguments: FamilyFixture.all)
  func logits(_ fixture: FamilyFixture) throws {
    try fixture.expectLayersAndResults(.languageModel)
  }

  @Test("Gradients equal those of transformers", arguments: FamilyFixture.all)
  func gradients(_ fixture: FamilyFixture) throws {
    let golden = try fixture.golden()
    let model = try Checkpoint(fixture.folder).load()
    let slots = try trainKnown(model, golden, moreThan: 3)
    let probe = try ModelProbe(model, .languageModel, rows: 16, training: true)
    let logits = try probe([golden.ids])
    let seed = try #require(probe.program.gradient(probe.result))
    let (counted, width) = (golden.ids.count - 1, probe.result.width)
    var loss = 0.0
    for row in 0..<golden.ids.count {
      let isCounted = row < counted
      let target = isCounted ? Int(golden.ids[row + 1]) : 0
      let shares = softmax(logits[row])
      if isCounted { loss -= log(shares[target]) / Double(counted) }
      for token in 0..<width {
        let slope = (shares[token] - (token == target ? 1 : 0)) / Double(counted)
        seed[row * width + token] = isCounted ? Float(slope) : 0
      }
    }
    #expect(abs(loss - Double(try golden.values("loss")[0])) < 1e-5)
    try probe.program.backward(probe.batch)
    try expectGradients(slots, golden)
  }

  @Test("Step by step through a cache equals the whole", arguments: FamilyFixture.all)
  func stepwise(_ fixture: FamilyFixture) throws {
    let golden = try fixture.golden()
    let model = try Checkpoint(fixture.folder).load()
    // Here how a token turns depends on how long its sequence has become.
    guard fixture.name != "phi3-long", fixture.name != "llama-dynamic" else { return }
    let geometry = model.architecture.geometry
    let cache = try KVCache(
      layers: geometry.layers, slots: 1, context: 32, width: geometry.keyValueWidth,
      format: ElementFormats.required("f32"))
    let probe = try ModelProbe(model, .languageModel, rows: 16)
    let expected = try golden.rows("logits")
    // A prompt by blocks, then tokens by parts, then some at once.
    for range in [0..<5, 5..<6, 6..<7, 7..<12] {
      let found = try probe.continuing(
        Array(golden.ids[range]), past: range.lowerBound, cache: cache)
      for (row, place) in zip(found, range) {
        #expect(relative(row, expected[place]) < 1e-4, "token \(place)")
      }
    }
  }

  @Test("What a folder says of itself is said again", arguments: FamilyFixture.all)
  func selfDescription(_ fixture: FamilyFixture) throws {
    let golden = try fixture.golden()
    let model = try Checkpoint(fixture.folder).load()
    let folder = try TemporaryFolder()
    let text = try JSON.object(model.architecture.config()).text(.pretty)
    try AtomicFile.write(folder.file("config.json"), text: text)
    try FileManager.default.copyItem(
      atPath: fixture.folder + "/model.safetensors", toPath: folder.file("model.safetensors"))
    let again = try Checkpoint(folder.path).load()
    #expect(again.architecture.geometry == model.architecture.geometry)
    let found = try ModelProbe(again, .languageModel, rows: 16)([golden.ids])
    #expect(relative(found.joined(), try golden.values("logits")) < 1e-4)
  }

  private func softmax(_ row: [Float]) -> [Double] {
    let largest = Double(row.max() ?? 0)
    let parts = row.map { Foundation.exp(Double($0) - largest) }
    let sum = parts.reduce(0, +)
    return parts.map { $0 / sum }
  }
}
