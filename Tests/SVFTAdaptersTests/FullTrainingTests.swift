// Full fine-tuning over any element format, with the checkpoint untouched beneath.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct FullTrainingTests {
  @Test func everythingIsTrainedByDefault() throws {
    let model = try TinyChain()
    let method = try model.method(["method": "full"])
    #expect(method.standIns.count == 7)
    let values = model.sites.slots.reduce(0) { $0 + $1.weight.rows * $1.weight.columns }
    #expect(method.standIns.reduce(0) { $0 + $1.parameter.count } == values)
    #expect(method.standIns.count { $0.parameter.group == .head } == 2)
  }

  @Test(arguments: ElementFormats.small.map(\.name))
  func baseStaysAsItLiesInAnyFormat(name: String) throws {
    let format = try #require(ElementFormats.named(name))
    let model = try TinyChain(format)
    let slot = model.square.weight
    let before = Array(slot.weight.bytes.bytes)
    let method = try model.method(["method": "full", "targets": "all-linear"])
    #expect(method.standIns.count == 5)
    method.disturb()
    try AdapterSet.attach(method)
    #expect(slot.current.format.name == "F32")
    AdapterSet.detach(method)
    #expect(slot.current === slot.weight)
    #expect(Array(slot.weight.bytes.bytes) == before)
  }
}
