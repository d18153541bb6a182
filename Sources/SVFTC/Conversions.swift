// From the structs and callbacks of svft.h to the options of the Swift API, and back for reports.
import CSVFT
import SVFT
import SVFTTensor

/// The elements of an array argument.
func array<Element>(
  _ pointer: UnsafePointer<Element>?, _ count: Int, _ name: String
) throws(SVFTError) -> [Element] {
  _ = try elements(pointer, count, name)
  return Array(UnsafeBufferPointer(start: pointer, count: pointer == nil ? 0 : count))
}

/// `count` arrays of `lengths` elements; none of the pointers may be NULL where it has elements.
func arrays<Element>(
  _ pointer: UnsafePointer<UnsafePointer<Element>?>?, _ lengths: UnsafePointer<Int>?,
  _ count: Int, _ name: String
) throws(SVFTError) -> [[Element]] {
  let counts = try array(lengths, count, "lengths")
  var result: [[Element]] = []
  for index in try elements(pointer, count, name) {
    result.append(try array(pointer?[index], counts[index], "\(name)[\(index)]"))
  }
  return result
}

/// The options of generation of `count` prompts that C passes; NULL is the defaults.
func generationOptions(
  _ params: UnsafePointer<svft_generation_params>?, prompts count: Int = 1
) throws(SVFTError) -> GenerationOptions {
  let params = try svft_generation_params.read(params)
  var options = try GenerationOptions(params)
  options.adapters = try promptAdapters(params, count)
  return options
}

/// The adapters of single prompts, one each; none where C passes none.
private func promptAdapters(
  _ params: svft_generation_params, _ count: Int
) throws(SVFTError) -> [PromptAdapter?] {
  guard let adapters = params.adapters else {
    guard params.adapter_scales == nil else {
      throw SVFTError(.invalidArgument, "adapter_scales: expected adapters too, found NULL")
    }
    return []
  }
  var result: [PromptAdapter?] = []
  for index in try elements(adapters, count, "adapters") {
    guard let handle = adapters[index] else {
      result.append(nil)
      continue
    }
    let adapter = try object(handle, Adapter.self, "adapters[\(index)]")
    result.append(PromptAdapter(adapter, scale: params.adapter_scales?[index] ?? 1))
  }
  return result
}

/// A C token callback as the Swift API takes it; nil stays nil.
func tokenCallback(
  _ callback: svft_token_callback?, _ user: UnsafeMutableRawPointer?
) -> TokenCallback? {
  guard let callback else { return nil }
  return { index, token, text in callback(user, index, token, withoutZeros(text)) == 0 }
}

/// A C progress callback as the Swift API takes it; nil stays nil.
func workProgress(
  _ callback: svft_progress_callback?, _ user: UnsafeMutableRawPointer?
) -> WorkProgress? {
  guard let callback else { return nil }
  return { activity, done, left in callback(user, activity, done, left) == 0 }
}

/// One of the words of an option that C passes as a string; NULL keeps the default.
func word<Word: RawRepresentable & CaseIterable>(
  _ pointer: UnsafePointer<CChar>?, _ name: String, default other: Word
) throws(SVFTError) -> Word where Word.RawValue == String {
  guard let text = try optionalString(pointer, name) else { return other }
  guard let word = Word(rawValue: text) else {
    let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
    throw SVFTError(.invalidArgument, "\(name): expected one of \(known), found \"\(text)\"")
  }
  return word
}

extension ModelOptions {
  init(_ params: svft_model_params) throws(SVFTError) {
    self.init()
    threads = Int(params.threads)
    quantization = try optionalString(params.quantize, "quantize")
    precision = try word(params.compute, "compute", default: .standard)
    memoryLimit = try Checked.int(params.memory_limit, "memory_limit")
    cacheFolder = try optionalString(params.cache_folder, "cache_folder")
    copiesFile = params.copies_file != 0
    contextLength = Int(params.context_length)
    keyValueFormat = try optionalString(params.kv_format, "kv_format")
    latents = try optionalString(params.latents, "latents")
  }
}

extension GenerationOptions {
  init(_ params: svft_generation_params) throws(SVFTError) {
    self.init()
    maxTokens = Int(params.max_tokens)
    temperature = params.temperature
    topK = Int(params.top_k)
    topP = params.top_p
    minP = params.min_p
    repetitionPenalty = params.repetition_penalty
    frequencyPenalty = params.frequency_penalty
    presencePenalty = params.presence_penalty
    penaltyWindow = Int(params.penalty_window)
    seed = params.seed
    let ids = try array(params.bias_tokens, params.bias_count, "bias_tokens")
    let values = try array(params.bias_values, params.bias_count, "bias_values")
    for (id, value) in zip(ids, values) { logitBias[id] = value }
    stopStrings = try strings(params.stop_strings, params.stop_string_count, "stop_strings")
    stopTokens = try array(params.stop_tokens, params.stop_token_count, "stop_tokens")
    ignoresEnd = params.ignores_end != 0
    parsesSpecial = params.parses_special != 0
  }
}

extension svft_generation_params {
  init(_ options: GenerationOptions) {
    self.init()
    max_tokens = Int32(clamping: options.maxTokens)
    temperature = options.temperature
    top_k = Int32(clamping: options.topK)
    top_p = options.topP
    min_p = options.minP
    repetition_penalty = options.repetitionPenalty
    frequency_penalty = options.frequencyPenalty
    presence_penalty = options.presencePenalty
    penalty_window = Int32(clamping: options.penaltyWindow)
    seed = options.seed
  }
}

extension TrainingOptions {
  init(_ params: svft_train_params) throws(SVFTError) {
    self.init()
    epochs = Int(params.epochs)
    steps = Int(params.steps)
    batchSize = Int(params.batch_size)
    accumulation = Int(params.grad_accumulation_steps)
    learningRate = params.learning_rate
    headLearningRate = params.head_learning_rate
    optimizer = try word(params.optimizer, "optimizer", default: optimizer)
    schedule = try word(params.lr_schedule, "lr_schedule", default: schedule)
    warmupSteps = Int(params.warmup_steps)
    warmupRatio = params.warmup_ratio
    weightDecay = params.weight_decay
    (beta1, beta2, epsilon) = (params.beta1, params.beta2, params.epsilon)
    momentum = params.momentum
    maxGradientNorm = params.max_grad_norm
    maxLength = Int(params.max_seq_length)
    longRecords = try word(params.on_long, "on_long", default: longRecords)
    lossOn = try word(params.loss_on, "loss_on", default: lossOn)
    chatStyle = try word(params.chat_layout, "chat_layout", default: chatStyle)
    seed = params.seed
    validationShare = params.val_split
    evaluateEvery = Int(params.steps_per_eval)
    patience = Int(params.patience)
    saveEvery = Int(params.save_every)
    checkpointsKept = Int(params.save_total_limit)
    reportEvery = Int(params.steps_per_report)
    resumes = params.resume != 0
    recomputes = params.gradient_checkpointing != 0
  }
}

extension svft_train_params {
  init(_ options: TrainingOptions) {
    self.init()
    epochs = Int32(clamping: options.epochs)
    steps = Int64(options.steps)
    batch_size = Int32(clamping: options.batchSize)
    grad_accumulation_steps = Int32(clamping: options.accumulation)
    learning_rate = options.learningRate
    head_learning_rate = options.headLearningRate
    warmup_steps = Int64(options.warmupSteps)
    warmup_ratio = options.warmupRatio
    weight_decay = options.weightDecay
    (beta1, beta2, epsilon) = (options.beta1, options.beta2, options.epsilon)
    momentum = options.momentum
    max_grad_norm = options.maxGradientNorm
    max_seq_length = Int32(clamping: options.maxLength)
    seed = options.seed
    val_split = options.validationShare
    steps_per_eval = Int64(options.evaluateEvery)
    patience = Int32(clamping: options.patience)
    save_every = Int64(options.saveEvery)
    save_total_limit = Int32(clamping: options.checkpointsKept)
    steps_per_report = Int64(options.reportEvery)
  }
}
