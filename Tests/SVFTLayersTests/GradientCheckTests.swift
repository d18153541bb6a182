// The checker itself: it must find a wrong gradient, or the contract proves nothing.
import SVFTLayers
import TestKit
import Testing

struct GradientCheckTests {
  private let contract = Contract("checker's own") {
    try $0.graph.linear($0.input(7), trained: try $0.parameter("m", 5, 7))
  }

  @Test func aRightGradientPasses() throws {
    let bench = try contract.bench()
    #expect(
      try GradientCheck.run(
        parameters: bench.parameters, loss: bench.loss, gradients: bench.gradients) == [])
  }

  @Test(arguments: [0.99, 0, -1, 1.01] as [Float])
  func aScaledGradientIsFound(factor: Float) throws {
    let bench = try contract.bench()
    let complaints = try GradientCheck.run(parameters: bench.parameters, loss: bench.loss) {
      try bench.gradients()
      for i in bench.parameters[0].gradients.indices {
        bench.parameters[0].gradients[i] *= factor
      }
    }
    #expect(complaints.count >= 16)
  }

  @Test func oneWrongEntryIsFoundByTheDirections() throws {
    let bench = try contract.bench()
    let complaints = try GradientCheck.run(parameters: bench.parameters, loss: bench.loss) {
      try bench.gradients()
      bench.parameters[0].gradients[34] += 1
    }
    #expect(complaints.filter { $0.contains("direction") }.count == 3)
  }

  @Test func aGradientThatIsNotFiniteIsFound() throws {
    let bench = try contract.bench()
    let complaints = try GradientCheck.run(parameters: bench.parameters, loss: bench.loss) {
      try bench.gradients()
      bench.parameters[0].gradients[3] = .nan
    }
    #expect(complaints.count == 1)
  }

  @Test func valuesAreAsBefore() throws {
    let bench = try contract.bench()
    let before = Array(bench.parameters[0].values)
    _ = try GradientCheck.run(
      parameters: bench.parameters, loss: bench.loss, gradients: bench.gradients)
    #expect(Array(bench.parameters[0].values) == before)
  }
}
