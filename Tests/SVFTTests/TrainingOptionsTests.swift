// Every field out of range is refused by name; every name of the JSON form sets its field.
import SVFT
import SVFTTensor
import Testing

@Suite struct TrainingOptionsTests {
  @Test(arguments: [
    #"{"epochs":-1}"#, #"{"epochs":0}"#, #"{"steps":-1}"#, #"{"batch_size":0}"#,
    #"{"grad_accumulation_steps":0}"#, #"{"warmup_steps":-1}"#, #"{"max_seq_length":1}"#,
    #"{"max_seq_length":-1}"#, #"{"steps_per_eval":-1}"#, #"{"patience":-1}"#,
    #"{"save_every":-1}"#, #"{"save_total_limit":0}"#, #"{"steps_per_report":0}"#,
    #"{"learning_rate":-1}"#, #"{"learning_rate":1e400}"#, #"{"head_learning_rate":-1}"#,
    #"{"warmup_ratio":2}"#, #"{"weight_decay":-1}"#, #"{"beta1":1}"#, #"{"beta2":1}"#,
    #"{"epsilon":-1}"#, #"{"momentum":1}"#, #"{"max_grad_norm":-1}"#, #"{"val_split":1}"#,
    #"{"optimizer":"x"}"#, #"{"lr_schedule":"x"}"#, #"{"on_long":"x"}"#, #"{"loss_on":"x"}"#,
    #"{"chat_layout":"x"}"#, #"{"unknown":1}"#, #"{"epochs":"1"}"#, #"{"seed":1.5}"#,
    #"{"resume":1}"#, #"{"optimizer":1}"#, #"{"batch_size":99999999999999999999}"#, "[]", "{",
  ])
  func badOptionsAreRefused(_ json: String) {
    let failure = #expect(throws: SVFTError.self) { try TrainingOptions(json: json) }
    #expect(failure?.kind == .invalidArgument)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func numbersThatAreNotFiniteAreRefusedByName(_ number: Double) {
    for (name, path) in [
      ("learning_rate", \TrainingOptions.learningRate), ("epsilon", \.epsilon),
      ("weight_decay", \.weightDecay), ("max_grad_norm", \.maxGradientNorm),
    ] {
      var options = TrainingOptions()
      options[keyPath: path] = number
      let failure = #expect(throws: SVFTError.self) { try options.validate() }
      #expect(failure?.kind == .invalidArgument && failure?.message.contains(name) == true)
    }
  }

  @Test func whatIsLeftOutKeepsItsDefault() throws {
    #expect(try TrainingOptions(json: "{}") == TrainingOptions())
    #expect(try TrainingOptions(json: #"{"seed":18446744073709551615}"#).seed == .max)
    #expect(try TrainingOptions(json: #"{"seed":-1}"#).seed == .max)
    let options = try TrainingOptions(json: #"{"epochs":3}"#)
    #expect(options.epochs == 3 && options.batchSize == TrainingOptions().batchSize)
    try TrainingOptions().validate()
  }

  @Test func everyNameSetsAFieldOfItsOwn() throws {
    let words = [
      "optimizer": "\"sgd\"", "lr_schedule": "\"linear\"", "on_long": "\"drop\"",
      "loss_on": "\"assistant\"", "chat_layout": "\"plain\"", "resume": "true",
      "gradient_checkpointing": "true",
    ]
    var seen: [TrainingOptions] = [TrainingOptions()]
    for name in TrainingOptions.names {
      let value = words[name] ?? (takesFractions(name) ? "0.5" : "7")
      let options = try TrainingOptions(json: "{\"\(name)\":\(value)}")
      #expect(!seen.contains(options), "\(name)")
      seen.append(options)
    }
    #expect(seen.count == 30)
  }

  private func takesFractions(_ name: String) -> Bool {
    (try? TrainingOptions(json: "{\"\(name)\":0.5}")) != nil
  }

  @Test func seedsAreSixtyFourBits() throws {
    #expect(try TrainingOptions(json: #"{"seed":-1}"#).seed == .max)
    #expect(try TrainingOptions(json: #"{"seed":9223372036854775807}"#).seed == 1 << 63 - 1)
  }
}
