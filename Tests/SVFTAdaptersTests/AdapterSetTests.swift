// Attaching and detaching: deltas add up with their scales, a replaced tensor has one owner.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import Testing

@Suite struct AdapterSetTests {
  private func kind(_ body: () throws -> Void) -> SVFTError.Kind? {
    do {
      try body()
      return nil
    } catch { return (error as? SVFTError)?.kind }
  }

  @Test func deltasStackWithTheirScales() throws {
    let model = try TinyChain()
    let one = try model.method(["method": "svft", "targets": ["down_proj"]])
    let two = try model.method(["method": "lora", "targets": ["down_proj"]])
    one.disturb()
    two.disturb()
    func outputs(_ scales: [Float]) throws -> [Float] {
      try AdapterSet.attach(one, scale: scales[0])
      try AdapterSet.attach(two, scale: scales[1])
      defer { [one as any AdapterMethod, two].forEach(AdapterSet.detach) }
      return try model.session().outputs()
    }
    let base = try model.session().outputs()
    let both = try outputs([1, -0.5])
    let first = try outputs([1, 0])
    let second = try outputs([0, 1])
    let sum = base.indices.map {
      base[$0] + (first[$0] - base[$0]) - 0.5 * (second[$0] - base[$0])
    }
    #expect(distance(both, sum) < 1e-5)
    #expect(try model.session().outputs() == base)
  }

  @Test func aMethodMayBePutBeneathOthers() throws {
    let model = try TinyChain()
    let names = ["svft", "lora", "lora"]
    let methods = try names.map {
      try model.method(["method": .string($0), "targets": ["down_proj"]])
    }
    for method in methods { try AdapterSet.attach(method) }
    for index in [1, 0, 2, 0] {
      AdapterSet.detach(methods[index])
      try AdapterSet.attach(methods[index], before: Array(methods[(index + 1)...]))
      for projection in methods[0].projections {
        #expect(projection.attachments.count == 3)
        #expect(zip(projection.attachments, methods).allSatisfy { $0.adapter === $1 })
      }
    }
  }

  @Test(arguments: ["full", "head", "bias"])
  func replacedTensorsHaveNoScale(name: String) throws {
    let model = try TinyChain()
    let method = try model.method(["method": .string(name)])
    #expect(kind { try AdapterSet.attach(method, scale: 0.5) } == .invalidArgument)
    #expect(kind { try AdapterSet.attach(method, scale: .nan) } == .invalidArgument)
    #expect(kind { try AdapterSet.attach(method) } == nil)
    #expect(kind { try AdapterSet.attach(method) } == .state)
  }

  @Test func oneTensorHasOneOwner() throws {
    let model = try TinyChain()
    let full = try model.method(["method": "full"])
    let head = try model.method(["method": "head"])
    let lora = try model.method(["method": "lora"])
    try AdapterSet.attach(lora)
    #expect(kind { try AdapterSet.attach(full) } == .state)
    #expect(kind { try AdapterSet.attach(lora) } == .state)
    try AdapterSet.attach(head)
    AdapterSet.detach(lora)
    #expect(kind { try AdapterSet.attach(full) } == .state)
    AdapterSet.detach(head)
    try AdapterSet.attach(full)
    #expect(kind { try AdapterSet.attach(lora) } == .state)
    #expect(model.square.attachments.isEmpty)
  }
}
