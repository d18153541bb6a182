// Every field out of range is refused by name, before anything is computed.
import SVFT
import SVFTTensor
import Testing

@Suite struct GenerationOptionsTests {
  private struct Wrong: Sendable {
    let name: String
    let change: @Sendable (inout GenerationOptions) -> Void

    init(_ name: String, _ change: @escaping @Sendable (inout GenerationOptions) -> Void) {
      self.name = name
      self.change = change
    }
  }

  private static let wrongs = [
    Wrong("max_tokens") { $0.maxTokens = -1 }, Wrong("max_tokens") { $0.maxTokens = .max },
    Wrong("temperature") { $0.temperature = -0.1 }, Wrong("temperature") { $0.temperature = .nan },
    Wrong("temperature") { $0.temperature = .infinity }, Wrong("top_k") { $0.topK = -5 },
    Wrong("top_p") { $0.topP = 2 }, Wrong("top_p") { $0.topP = .nan },
    Wrong("min_p") { $0.minP = -1 }, Wrong("min_p") { $0.minP = 1.5 },
    Wrong("repetition_penalty") { $0.repetitionPenalty = 0 },
    Wrong("repetition_penalty") { $0.repetitionPenalty = .infinity },
    Wrong("frequency_penalty") { $0.frequencyPenalty = .nan },
    Wrong("presence_penalty") { $0.presencePenalty = 1e5 },
    Wrong("penalty_window") { $0.penaltyWindow = -1 },
    Wrong("logit_bias") { $0.logitBias = [50: 1] }, Wrong("logit_bias") { $0.logitBias = [-1: 1] },
    Wrong("logit_bias") { $0.logitBias = [3: .nan] },
    Wrong("logit_bias") { $0.logitBias = [3: .infinity] },
    Wrong("stop string 1") { $0.stopStrings = ["a", ""] },
  ]

  @Test(arguments: wrongs.indices) func badFieldsAreRefusedByName(_ index: Int) {
    let wrong = Self.wrongs[index]
    var options = GenerationOptions()
    wrong.change(&options)
    let failure = #expect(throws: SVFTError.self) { try options.validate(vocabulary: 50) }
    #expect(failure?.kind == .invalidArgument)
    #expect(failure?.message.contains(wrong.name) == true)
  }

  @Test func edgesAreAllowed() throws {
    var options = GenerationOptions()
    try options.validate(vocabulary: 50)
    options.logitBias = [0: -.infinity, 49: 1e6]
    (options.temperature, options.topK, options.topP, options.minP) = (0, 0, 0, 1)
    (options.maxTokens, options.penaltyWindow) = (0, 0)
    try options.validate(vocabulary: 50)
  }

  @Test func generateRefusesThemToo() throws {
    let model = try TinyVerbs().model()
    var options = GenerationOptions()
    options.logitBias = [Int32(model.vocabularySize): 1]
    let failure = #expect(throws: SVFTError.self) { try model.generate(["a"], options) }
    #expect(failure?.kind == .invalidArgument)
  }
}
