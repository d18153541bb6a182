// Every field out of range is refused by name.
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
    #"{"chat_layout":"x"}"#, #"{"unknown":1}"#, #"{"epochs":"1"}"#, "[]", "{",
  ])
  func badOptionsAreRefused(_ json: String) {
    let failure = #expect(throws: SVFTError.self) { try TrainingOptions(json: json) }
    #expect(failure?.kind == .invalidArgument)
  }

  @Test func whatIsLeftOutKeepsItsDefault() throws {
    let options = try TrainingOptions(json: #"{"epochs":3}"#)
    #expect(options.epochs == 3 && options.batchSize == TrainingOptions().batchSize)
  }
}
