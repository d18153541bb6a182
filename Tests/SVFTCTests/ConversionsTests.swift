// Params structs of the C interface against the options of the Swift API: sizes, defaults, words,
// and every field.
import CSVFT
import SVFT
import TestKit
import Testing

@Suite struct ConversionsTests {
  @Test(arguments: [0, 4, 1 << 20, UInt32.max])
  func paramsThatNobodyFilledAreRefused(_ size: UInt32) throws {
    let host = try TinyHost()
    let adapter = try host.adapter()
    defer { svft_adapter_free(adapter) }
    var model = svft_model_params()
    model.struct_size = size
    var generation = svft_generation_params()
    generation.struct_size = size
    var training = svft_train_params()
    training.struct_size = size
    var handle: OpaquePointer?
    let calls = [
      svft_model_load(TinyHost.fixture("llama"), &model, &handle),
      withStrings(["The"]) { prompts in
        var out: [UnsafeMutablePointer<CChar>?] = [nil]
        return svft_generate(host.model, prompts, 1, &generation, nil, nil, &out)
      },
      svft_trainer_create(
        adapter, TinyHost.fixture("tales.jsonl"), nil, nil, &training, &handle),
    ]
    #expect(calls == calls.map { _ in number(SVFT_INVALID_ARGUMENT) })
    #expect(lastError().hasPrefix("struct_size"))
    #expect(handle == nil)
  }

  @Test func defaultsAreThoseOfTheSwiftAPI() throws {
    var training = svft_train_params()
    try succeed(svft_train_params_init(&training, MemoryLayout<svft_train_params>.size))
    let options = TrainingOptions()
    #expect(Int(training.epochs) == options.epochs)
    #expect(Int(training.batch_size) == options.batchSize)
    #expect(training.learning_rate == options.learningRate)
    #expect((training.beta1, training.beta2) == (options.beta1, options.beta2))
    #expect(training.max_grad_norm == options.maxGradientNorm)
    #expect(Int(training.save_total_limit) == options.checkpointsKept)
    #expect(Int(training.steps_per_report) == options.reportEvery)
    #expect(training.optimizer == nil && training.resume == 0)
    var generation = svft_generation_params()
    try succeed(
      svft_generation_params_init(&generation, MemoryLayout<svft_generation_params>.size))
    let running = GenerationOptions()
    #expect(Int(generation.max_tokens) == running.maxTokens)
    #expect((generation.temperature, generation.top_p) == (running.temperature, running.topP))
    #expect((generation.min_p, Int(generation.top_k)) == (running.minP, running.topK))
    #expect(generation.repetition_penalty == running.repetitionPenalty)
    #expect(Int(generation.penalty_window) == running.penaltyWindow)
  }

  /// One training field out of its range, with the name that the sentence must begin with.
  struct Absurdity: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let set: @Sendable (inout svft_train_params) -> Void

    init(_ name: String, _ set: @escaping @Sendable (inout svft_train_params) -> Void) {
      (testDescription, self.set) = (name, set)
    }
  }

  static let absurdities = [
    Absurdity("epochs") { $0.epochs = .min },
    Absurdity("steps") { $0.steps = .max },
    Absurdity("batch_size") { $0.batch_size = 0 },
    Absurdity("grad_accumulation_steps") { $0.grad_accumulation_steps = -1 },
    Absurdity("learning_rate") { $0.learning_rate = .nan },
    Absurdity("head_learning_rate") { $0.head_learning_rate = -1 },
    Absurdity("warmup_steps") { $0.warmup_steps = .min },
    Absurdity("warmup_ratio") { $0.warmup_ratio = 2 },
    Absurdity("weight_decay") { $0.weight_decay = .infinity },
    Absurdity("beta1") { $0.beta1 = 1 },
    Absurdity("beta2") { $0.beta2 = 1 },
    Absurdity("epsilon") { $0.epsilon = -1 },
    Absurdity("momentum") { $0.momentum = 1 },
    Absurdity("max_grad_norm") { $0.max_grad_norm = -1 },
    Absurdity("max_seq_length") { $0.max_seq_length = 1 },
    Absurdity("val_split") { $0.val_split = 1 },
    Absurdity("steps_per_eval") { $0.steps_per_eval = -1 },
    Absurdity("patience") { $0.patience = -1 },
    Absurdity("save_every") { $0.save_every = .max },
    Absurdity("save_total_limit") { $0.save_total_limit = 0 },
    Absurdity("steps_per_report") { $0.steps_per_report = 0 },
  ]

  @Test(arguments: absurdities) func everyTrainingNumberIsChecked(_ absurdity: Absurdity) throws {
    let host = try TinyHost()
    let adapter = try host.adapter()
    defer { svft_adapter_free(adapter) }
    let failure = #expect(throws: Failure.self) { try host.trainer(adapter, absurdity.set) }
    #expect(failure?.status == number(SVFT_INVALID_ARGUMENT))
    #expect(lastError().hasPrefix(absurdity.testDescription + ":"))
  }

  @Test(arguments: ["optimizer", "lr_schedule", "on_long", "loss_on", "chat_layout"])
  func aWordOutOfTheListIsRefusedWithTheList(_ name: String) throws {
    let host = try TinyHost()
    let adapter = try host.adapter()
    defer { svft_adapter_free(adapter) }
    let failure = "sideways".withCString { word in
      #expect(throws: Failure.self) {
        try host.trainer(adapter) { params in
          switch name {
          case "optimizer": params.optimizer = word
          case "lr_schedule": params.lr_schedule = word
          case "on_long": params.on_long = word
          case "loss_on": params.loss_on = word
          default: params.chat_layout = word
          }
        }
      }
    }
    #expect(failure?.status == number(SVFT_INVALID_ARGUMENT))
    #expect(lastError().hasPrefix("\(name): expected one of"))
  }

  @Test func absurdModelParamsAreRefused() throws {
    let changes: [(Int, (inout svft_model_params) -> Void)] = [
      (SVFT_INVALID_ARGUMENT, { $0.threads = -1 }), (SVFT_LIMIT, { $0.memory_limit = .max }),
      (SVFT_MEMORY, { $0.memory_limit = 1 }), (SVFT_INVALID_ARGUMENT, { $0.context_length = -1 }),
      (SVFT_INVALID_ARGUMENT, { $0.context_length = 129 }),
    ].map { (Int($0.0), $0.1) }
    for (expected, change) in changes {
      var params = try TinyHost.params()
      change(&params)
      var model: OpaquePointer?
      #expect(svft_model_load(TinyHost.fixture("llama"), &params, &model) == number(expected))
      #expect(model == nil && !lastError().isEmpty)
    }
  }
}
