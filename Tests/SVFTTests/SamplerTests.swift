// Choosing tokens from hand-made logits.
import SVFT
import SVFTTensor
import Testing

@Suite struct SamplerTests {
  private func draws(
    _ logits: [Float], history: [Int32] = [], _ change: (inout GenerationOptions) -> Void
  ) throws -> Set<Int32> {
    var options = GenerationOptions()
    (options.topK, options.topP, options.minP, options.temperature) = (0, 1, 0, 1)
    change(&options)
    var sampler = Sampler(options, sequence: 0)
    var seen: Set<Int32> = []
    for _ in 0..<400 {
      let token = logits.withUnsafeBufferPointer { row in
        Result { () throws(SVFTError) in try sampler.next(row, history: history) }
      }
      seen.insert(try token.get())
    }
    return seen
  }

  @Test func zeroTemperatureTakesTheFirstLargest() throws {
    #expect(try draws([1, 3, 3, 2]) { $0.temperature = 0 } == [1])
  }

  @Test func cutsKeepTheirShare() throws {
    let logits: [Float] = [2, 1.9, 1.8, -3]
    #expect(try draws(logits) { $0.topK = 2 } == [0, 1])
    #expect(try draws(logits) { $0.topP = 0.5 } == [0, 1])
    #expect(try draws(logits) { $0.minP = 0.85 } == [0, 1])
    #expect(try draws(logits) { _ in }.isSuperset(of: [0, 1, 2]))
  }

  @Test func fewOfManyAreTheSameAsSorting() throws {
    let logits = (0..<100).map { Float(($0 * 37) % 100) / 50 }
    let best = logits.indices.sorted { logits[$0] > logits[$1] }.prefix(3)
    #expect(try draws(logits) { $0.topK = 3 } == Set(best.map { Int32($0) }))
  }

  @Test func penaltiesAndBiasesMoveTheChoice() throws {
    let logits: [Float] = [2, 1.9, 0]
    #expect(
      try draws(logits, history: [0]) { ($0.temperature, $0.repetitionPenalty) = (0, 2) } == [1])
    #expect(
      try draws(logits, history: [0]) { ($0.temperature, $0.presencePenalty) = (0, 1) } == [1])
    #expect(try draws(logits) { ($0.temperature, $0.logitBias) = (0, [2: 9]) } == [2])
    #expect(try draws(logits) { $0.logitBias = [0: -.infinity, 1: -.infinity] } == [2])
  }

  @Test func noNumberIsAnError() {
    #expect(throws: SVFTError.self) { try draws([.nan, .nan]) { _ in } }
  }
}
