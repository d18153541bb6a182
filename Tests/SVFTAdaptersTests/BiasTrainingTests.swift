// Which biases are trained, by the method of that name and by the option of every other.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import Testing

@Suite struct BiasTrainingTests {
  @Test(arguments: [
    (#"{"method":"bias"}"#, ["up_proj", "down_proj", "classifier"]),
    (#"{"method":"bias","targets":"all-linear"}"#, ["up_proj", "down_proj"]),
    (#"{"method":"bias","targets":["up_proj"]}"#, ["up_proj"]),
    (#"{"method":"lora","targets":["q_proj","up_proj"],"bias":"targets"}"#, ["up_proj"]),
    (#"{"method":"lora","bias":"all"}"#, ["up_proj", "down_proj", "classifier"]),
    (#"{"method":"lora","bias":"none"}"#, []),
  ])
  func biasesOfTheChosenModulesAreTrained(options: String, modules: [String]) throws {
    let method = try TinyChain().method(try JSON.parse(options))
    let names = method.standIns.map(\.slot.name)
    #expect(names.count == modules.count)
    #expect(zip(names, modules).allSatisfy { $0.hasSuffix($1 + ".bias") })
    #expect(method.standIns.allSatisfy { !$0.parameter.decays })
  }

  @Test func modulesWithoutBiasAreAMismatch() throws {
    do {
      _ = try TinyChain().method(["method": "bias", "targets": ["q_proj"]])
      Issue.record("a bias was found")
    } catch let error as SVFTError { #expect(error.kind == .mismatch) }
  }
}
