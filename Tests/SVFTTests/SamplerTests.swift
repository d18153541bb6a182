// Choosing tokens from hand-made logits.
import SVFT
import SVFTTensor
import Testing

@Suite struct SamplerTests {
  private func draws(
    _ logits: [Float], history: [Int32] = [], barred: [Int32] = [],
    _ change: (inout GenerationOptions) -> Void
  ) throws -> Set<Int32> {
    var options = GenerationOptions()
    (options.topK, options.topP, options.minP, options.temperature) = (0, 1, 0, 1)
    change(&options)
    var sampler = Sampler(options, sequence: 0, barred: barred)
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

  @Test func whatIsBarredIsNeverTaken() throws {
    #expect(try draws([1, 3, 3, 2], barred: [1]) { $0.temperature = 0 } == [2])
    #expect(try draws([1, 1, 1], barred: [0, 2]) { _ in } == [1])
    let failure = #expect(throws: SVFTError.self) { try draws([1], barred: [0]) { _ in } }
    #expect(failure?.kind == .nonFinite)
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

  /// Changes of the neutral options, each with the history it is about.
  private typealias Change = @Sendable (inout GenerationOptions) -> Void
  private static let changes: [(history: [Int32], change: Change)] = [
    ([], { _ in }), ([], { $0.temperature = 0.5 }), ([], { $0.temperature = 3 }),
    ([], { $0.topK = 3 }), ([], { ($0.topK, $0.temperature) = (1, 9) }), ([], { $0.topP = 0.6 }),
    ([], { $0.topP = 0 }), ([], { $0.minP = 0.3 }), ([], { $0.minP = 1 }),
    // Cuts look at the shares before temperature.
    ([], { ($0.topP, $0.temperature) = (0.7, 2.5) }),
    ([], { ($0.minP, $0.temperature) = (0.2, 0.4) }),
    ([0, 3, 3, 9], { $0.repetitionPenalty = 1.8 }), ([0, 3, 3, 9], { $0.repetitionPenalty = 0.6 }),
    ([1, 1, 1, 2], { $0.frequencyPenalty = 0.7 }), ([1, 1, 1, 2], { $0.presencePenalty = 1.1 }),
    ([1, 1, 1, 2], { ($0.frequencyPenalty, $0.presencePenalty) = (-0.3, -0.5) }),
    ([0, 0, 0, 1], { ($0.frequencyPenalty, $0.penaltyWindow) = (2, 2) }),
    ([0, 1], { ($0.presencePenalty, $0.penaltyWindow) = (5, 0) }),
    ([], { $0.logitBias = [0: -.infinity, 9: 4, 5: -1] }),
    (
      [2, 2, 7],
      {
        ($0.topK, $0.topP, $0.minP, $0.temperature) = (6, 0.9, 0.05, 1.3)
        ($0.repetitionPenalty, $0.frequencyPenalty, $0.presencePenalty) = (1.3, 0.2, 0.1)
        $0.logitBias = [7: 2.5, 1: -0.5]
      }
    ),
  ]

  @Test(arguments: changes.indices) func drawsFollowThePlainReference(_ index: Int) throws {
    let (history, change) = Self.changes[index]
    let logits: [Float] = [2, 1.5, 1.4, 0.9, 0.3, 0, -0.2, -1, -2.5, -4]
    var options = GenerationOptions()
    (options.topK, options.topP, options.minP, options.temperature) = (0, 1, 0, 1)
    change(&options)
    let expected = SamplingReference(options: options).shares(logits, history: history)
    var sampler = Sampler(options, sequence: 0)
    var counts = [Double](repeating: 0, count: logits.count)
    let draws = 20_000
    for _ in 0..<draws {
      let token = logits.withUnsafeBufferPointer { row in
        Result { () throws(SVFTError) in try sampler.next(row, history: history) }
      }
      counts[Int(try token.get())] += 1
    }
    for (id, share) in expected.enumerated() {
      let found = counts[id] / Double(draws)
      // Five standard deviations; what must not be drawn is not drawn once.
      let spread = 5 * (share * (1 - share) / Double(draws)).squareRoot()
      #expect(abs(found - share) <= spread, "token \(id): \(found), not \(share)")
    }
  }
}
