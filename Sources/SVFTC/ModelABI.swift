// Models of svft.h.
package import CSVFT
import SVFT
import SVFTTensor

@c @implementation package func svft_model_params_init(
  _ params: UnsafeMutablePointer<svft_model_params>?, _ struct_size: Int
) -> svft_status {
  guarded { () throws(SVFTError) in
    try svft_model_params.fill(params, struct_size)
  }
}

@c @implementation package func svft_model_load(
  _ path: UnsafePointer<CChar>?, _ params: UnsafePointer<svft_model_params>?,
  _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let out = try required(out, "out")
    let params = try svft_model_params.read(params)
    let model = try Model(
      path: string(path, "path"), options: ModelOptions(params),
      progress: workProgress(params.progress, params.user))
    out.pointee = handle(model)
  }
}

@c @implementation package func svft_model_free(_ model: OpaquePointer?) {
  release(model, Model.self, "model")
}

@c @implementation package func svft_model_describe(
  _ model: OpaquePointer?, _ out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let out = try required(out, "out")
    out.pointee = try owned(object(model, Model.self, "model").describe())
  }
}

@c @implementation package func svft_model_cancel(_ model: OpaquePointer?) {
  guard let model else { return }
  // No lookup that could allocate: this must be safe in a signal handler.
  let any = Unmanaged<AnyObject>.fromOpaque(UnsafeRawPointer(model)).takeUnretainedValue()
  (any as? Model)?.cancel()
}

@c @implementation package func svft_model_tokenize(
  _ model: OpaquePointer?, _ text: UnsafePointer<CChar>?, _ special: Int32,
  _ ids: UnsafeMutablePointer<Int32>?, _ capacity: Int,
  _ out_count: UnsafeMutablePointer<Int>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let model = try object(model, Model.self, "model")
    let values = try model.tokenize(string(text, "text"), special: special != 0)
    try fill(ids, capacity, out_count, with: values)
  }
}

@c @implementation package func svft_model_tokenize_messages(
  _ model: OpaquePointer?, _ messages: UnsafePointer<CChar>?,
  _ chat_layout: UnsafePointer<CChar>?, _ ids: UnsafeMutablePointer<Int32>?, _ capacity: Int,
  _ out_count: UnsafeMutablePointer<Int>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let model = try object(model, Model.self, "model")
    let values = try model.tokenize(
      conversation: string(messages, "messages"),
      layout: word(chat_layout, "chat_layout", default: .auto))
    try fill(ids, capacity, out_count, with: values)
  }
}

@c @implementation package func svft_model_detokenize(
  _ model: OpaquePointer?, _ ids: UnsafePointer<Int32>?, _ count: Int,
  _ out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let out = try required(out, "out")
    let values = try array(ids, count, "ids")
    out.pointee = try owned(object(model, Model.self, "model").detokenize(values))
  }
}

@c @implementation package func svft_model_logits(
  _ model: OpaquePointer?, _ ids: UnsafePointer<Int32>?, _ count: Int,
  _ logits: UnsafeMutablePointer<Float>?, _ capacity: Int,
  _ out_count: UnsafeMutablePointer<Int>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let model = try object(model, Model.self, "model")
    let values = try model.logits(array(ids, count, "ids"))
    try fill(logits, capacity, out_count, with: values)
  }
}

@c @implementation package func svft_model_factor(
  _ model: OpaquePointer?, _ targets: UnsafePointer<CChar>?,
  _ progress: svft_progress_callback?, _ user: UnsafeMutableRawPointer?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let model = try object(model, Model.self, "model")
    let names = try optionalString(targets, "targets") ?? "all-linear"
    try model.factor(
      names.split(separator: ",").map(String.init), progress: workProgress(progress, user))
  }
}

@c @implementation package func svft_model_factors(
  _ model: OpaquePointer?, _ options: UnsafePointer<CChar>?,
  _ progress: svft_progress_callback?, _ user: UnsafeMutableRawPointer?,
  _ out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let out = try required(out, "out")
    let model = try object(model, Model.self, "model")
    let report = try model.factor(
      options: optionalString(options, "options") ?? "{}",
      progress: workProgress(progress, user))
    out.pointee = try owned(report)
  }
}

@c @implementation package func svft_model_save(
  _ model: OpaquePointer?, _ path: UnsafePointer<CChar>?, _ format: UnsafePointer<CChar>?,
  _ probe: UnsafePointer<CChar>?, _ progress: svft_progress_callback?,
  _ user: UnsafeMutableRawPointer?,
  _ out_report: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let out = try required(out_report, "out_report")
    let model = try object(model, Model.self, "model")
    var options = try SavingOptions(optionalString(format, "format"))
    options.probe = try optionalString(probe, "probe") ?? options.probe
    let report = try model.save(
      to: string(path, "path"), options, progress: workProgress(progress, user))
    out.pointee = try owned(report)
  }
}

@c @implementation package func svft_inspect(
  _ path: UnsafePointer<CChar>?, _ options: UnsafePointer<CChar>?,
  _ out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let out = try required(out, "out")
    let report = try Inspector.inspect(
      string(path, "path"), options: optionalString(options, "options") ?? "{}")
    out.pointee = try owned(report)
  }
}

@c @implementation package func svft_estimate(
  _ path: UnsafePointer<CChar>?, _ params: UnsafePointer<svft_model_params>?,
  _ options: UnsafePointer<CChar>?,
  _ out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let out = try required(out, "out")
    let path = try string(path, "path")
    let loading = try ModelOptions(svft_model_params.read(params))
    let work = try Workload(json: optionalString(options, "options") ?? "{}")
    let estimate = try Model.estimate(path: path, options: loading, workload: work)
    out.pointee = try owned(estimate.json())
  }
}

@c @implementation package func svft_model_bench(
  _ model: OpaquePointer?, _ options: UnsafePointer<CChar>?,
  _ out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let out = try required(out, "out")
    let model = try object(model, Model.self, "model")
    out.pointee = try owned(model.bench(optionalString(options, "options") ?? "{}"))
  }
}
