// Head-only fine-tuning touches the head and nothing else.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import Testing

@Suite struct HeadTrainingTests {
  @Test func onlyTheHeadIsTrained() throws {
    let model = try TinyChain()
    let method = try model.method(["method": "head"])
    #expect(method.standIns.map(\.slot.name) == ["classifier.weight", "classifier.bias"])
    #expect(method.standIns.allSatisfy { $0.parameter.group == .head })
  }

  @Test func modelWithoutHeadIsAMismatch() throws {
    let model = try TinyChain()
    let sites = ModelSites(projections: [model.wide], heads: [], slots: [])
    let options = try AdapterOptions(["method": "head"])
    do {
      _ = try options.method().init(options, sites, model.factors)
      Issue.record("a head was found")
    } catch { #expect(error.kind == .mismatch) }
  }
}
