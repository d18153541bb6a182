// Generation, vectors, classes and evaluation of svft.h.
package import CSVFT
import SVFT
import SVFTTensor

@c @implementation package func svft_generation_params_init(
  _ params: UnsafeMutablePointer<svft_generation_params>?, _ struct_size: Int
) -> svft_status {
  guarded { () throws(SVFTError) in
    try svft_generation_params.fill(params, struct_size)
  }
}

@c @implementation package func svft_generate(
  _ model: OpaquePointer?, _ prompts: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int,
  _ params: UnsafePointer<svft_generation_params>?, _ callback: svft_token_callback?,
  _ user: UnsafeMutableRawPointer?,
  _ out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> svft_status {
  generated(out, model) { (model) throws(SVFTError) in
    try model.generate(
      strings(prompts, count, "prompts"), generationOptions(params, prompts: count),
      onToken: tokenCallback(callback, user))
  }
}

@c @implementation package func svft_generate_messages(
  _ model: OpaquePointer?, _ messages: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int,
  _ chat_layout: UnsafePointer<CChar>?, _ params: UnsafePointer<svft_generation_params>?,
  _ callback: svft_token_callback?, _ user: UnsafeMutableRawPointer?,
  _ out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> svft_status {
  generated(out, model) { (model) throws(SVFTError) in
    try model.generate(
      conversations: strings(messages, count, "messages"),
      layout: word(chat_layout, "chat_layout", default: .auto),
      generationOptions(params, prompts: count), onToken: tokenCallback(callback, user))
  }
}

@c @implementation package func svft_generate_tokens(
  _ model: OpaquePointer?, _ prompts: UnsafePointer<UnsafePointer<Int32>?>?,
  _ lengths: UnsafePointer<Int>?, _ count: Int,
  _ params: UnsafePointer<svft_generation_params>?, _ callback: svft_token_callback?,
  _ user: UnsafeMutableRawPointer?,
  _ out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> svft_status {
  generated(out, model) { (model) throws(SVFTError) in
    try model.generate(
      tokens: arrays(prompts, lengths, count, "prompts"),
      generationOptions(params, prompts: count), onToken: tokenCallback(callback, user))
  }
}

@c @implementation package func svft_embed(
  _ model: OpaquePointer?, _ texts: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int,
  _ vectors: UnsafeMutablePointer<Float>?, _ capacity: Int,
  _ out_count: UnsafeMutablePointer<Int>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let model = try object(model, Model.self, "model")
    let values = try model.embed(strings(texts, count, "texts"))
    try fill(vectors, capacity, out_count, with: Array(values.joined()))
  }
}

@c @implementation package func svft_classify(
  _ model: OpaquePointer?, _ texts: UnsafePointer<UnsafePointer<CChar>?>?,
  _ pairs: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int,
  _ out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let out = try required(out, "out")
    let model = try object(model, Model.self, "model")
    let first = try strings(texts, count, "texts")
    var second: [String?] = []
    if let pairs {
      for index in 0..<count { second.append(try optionalString(pairs[index], "pairs[\(index)]")) }
    }
    out.pointee = try owned(Report.json(of: model.classify(first, pairs: second)))
  }
}

@c @implementation package func svft_evaluate(
  _ model: OpaquePointer?, _ data: UnsafePointer<CChar>?, _ options: UnsafePointer<CChar>?,
  _ progress: svft_progress_callback?, _ user: UnsafeMutableRawPointer?,
  _ out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let out = try required(out, "out")
    let model = try object(model, Model.self, "model")
    let evaluation = try model.evaluate(
      string(data, "data"),
      options: TrainingOptions(json: optionalString(options, "options") ?? "{}"),
      progress: workProgress(progress, user))
    out.pointee = try owned(Report.json(of: evaluation))
  }
}

/// Hands out the texts that `generate` makes of prompts.
private func generated(
  _ out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ model: OpaquePointer?,
  _ generate: (Model) throws(SVFTError) -> [Generation]
) -> svft_status {
  guarded { () throws(SVFTError) in
    let out = try required(out, "out")
    let results = try generate(object(model, Model.self, "model"))
    try owned(results.map(\.text), into: out)
  }
}
