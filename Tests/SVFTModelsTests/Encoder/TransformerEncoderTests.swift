// Tiny encoders with class heads against transformers: layer outputs, classes, gradients.
import Foundation
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("TransformerEncoder")
struct TransformerEncoderTests {
  @Test("Layers and classes equal those of transformers", arguments: FamilyFixture.encoders)
  func classes(_ fixture: FamilyFixture) throws {
    try fixture.expectLayersAndResults(.classes)
  }

  @Test("Gradients equal those of transformers", arguments: FamilyFixture.encoders)
  func gradients(_ fixture: FamilyFixture) throws {
    let golden = try fixture.golden()
    let model = try Checkpoint(fixture.folder).load()
    let slots = try trainKnown(model, golden, moreThan: 3)
    let probe = try ModelProbe(model, .classes, rows: 16, training: true)
    let found = try probe([golden.ids])[0]
    let seed = try #require(probe.program.gradient(probe.result))
    for index in 0..<golden.ids.count * found.count { seed[index] = 0 }
    // One score against 1, or classes of which the second is right.
    let shares = found.map { exp(Double($0)) }
    let sum = shares.reduce(0, +)
    for (index, value) in found.enumerated() {
      seed[index] =
        found.count == 1
        ? 2 * (value - 1) : Float(shares[index] / sum - (index == 1 ? 1 : 0))
    }
    try probe.program.backward(probe.batch)
    try expectGradients(slots, golden)
  }
}
