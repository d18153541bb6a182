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

  @Test func aModelWithoutHeadHasNothingToTrainYet() throws {
    let model = try TinyChain()
    let sites = ModelSites(projections: [model.wide], heads: [], slots: [])
    let options = try AdapterOptions(["method": "head"])
    #expect(try options.method().init(options, sites, model.factors).standIns.isEmpty)
  }
}
