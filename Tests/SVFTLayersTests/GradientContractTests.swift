// Every entry of the contract table: right gradients, sums where a value has several readers, sums
// over micro-batches, and the same bits for any team.
import SVFTLayers
import TestKit
import Testing

struct GradientContractTests {
  @Test(arguments: Contract.all)
  func gradientsEqualCentralDifferences(_ contract: Contract) throws {
    let bench = try contract.bench()
    let subjects = try bench.subjects()
    #expect(!subjects.isEmpty)
    let complaints = try GradientCheck.run(
      subjects, loss: bench.loss, gradients: bench.gradients)
    #expect(complaints.isEmpty, "\(complaints)")
  }

  @Test(arguments: Contract.all)
  func aValueReadByTwoOpsSumsBothGradients(_ contract: Contract) throws {
    let bench = try contract.bench(alsoReads: true)
    let complaints = try GradientCheck.run(
      bench.subjects(), loss: bench.loss, gradients: bench.gradients)
    #expect(complaints.isEmpty, "\(complaints)")
  }

  @Test(arguments: Contract.all)
  func parametersAccumulateOverMicroBatches(_ contract: Contract) throws {
    let bench = try contract.bench()
    try bench.gradients()
    let once = try bench.subjects().map { Array($0.gradients) }
    try bench.backward()
    for (subject, once) in zip(try bench.subjects(), once) {
      let times: Float = bench.parameters.contains { $0.name == subject.name } ? 2 : 1
      let largest = once.map(abs).max() ?? 0
      for (i, value) in subject.gradients.enumerated() {
        #expect(abs(value - times * once[i]) <= 1e-6 * largest, "\(subject.name)[\(i)]")
      }
    }
  }

  @Test(arguments: Contract.all)
  func everyTeamComputesTheSameBits(_ contract: Contract) throws {
    let alone = try contract.bench()
    try alone.gradients()
    let expected = try alone.results().map { $0.map(\.bitPattern) }
    for threads in [2, 3, 5] {
      let bench = try contract.bench(threads: threads)
      try bench.gradients()
      #expect(try bench.results().map { $0.map(\.bitPattern) } == expected, "\(threads) threads")
    }
  }
}
