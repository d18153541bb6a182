// Training, ablations and plots of svft.h.
package import CSVFT
import SVFT
import SVFTTensor

@c @implementation package func svft_train_params_init(
  _ params: UnsafeMutablePointer<svft_train_params>?, _ struct_size: Int
) -> svft_status {
  guarded { () throws(SVFTError) in
    try svft_train_params.fill(params, struct_size)
  }
}

@c @implementation package func svft_trainer_create(
  _ adapter: OpaquePointer?, _ data: UnsafePointer<CChar>?,
  _ validation: UnsafePointer<CChar>?, _ output: UnsafePointer<CChar>?,
  _ params: UnsafePointer<svft_train_params>?, _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let out = try required(out, "out")
    let adapter = try object(adapter, Adapter.self, "adapter")
    let options = try TrainingOptions(svft_train_params.read(params))
    let trainer = try Trainer(
      adapter, data: string(data, "data"),
      validation: optionalString(validation, "validation"),
      output: optionalString(output, "output"), options: options)
    out.pointee = handle(trainer)
  }
}

@c @implementation package func svft_trainer_free(_ trainer: OpaquePointer?) {
  release(trainer, Trainer.self, "trainer")
}

@c @implementation package func svft_trainer_run(
  _ trainer: OpaquePointer?, _ callback: svft_train_callback?, _ user: UnsafeMutableRawPointer?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let trainer = try object(trainer, Trainer.self, "trainer")
    guard let callback else { return try trainer.train() }
    try trainer.train { progress in
      progress.event.rawValue.withCString { event in
        var report = svft_train_progress(progress, event: event)
        return callback(user, &report) == 0
      }
    }
  }
}

@c @implementation package func svft_trainer_step(
  _ trainer: OpaquePointer?, _ out_loss: UnsafeMutablePointer<Double>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let out = try required(out_loss, "out_loss")
    out.pointee = try object(trainer, Trainer.self, "trainer").trainStep()
  }
}

@c @implementation package func svft_trainer_describe(
  _ trainer: OpaquePointer?, _ out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let out = try required(out, "out")
    out.pointee = try owned(object(trainer, Trainer.self, "trainer").describe())
  }
}

@c @implementation package func svft_model_ablate(
  _ model: OpaquePointer?, _ data: UnsafePointer<CChar>?, _ validation: UnsafePointer<CChar>?,
  _ output: UnsafePointer<CChar>?, _ options: UnsafePointer<CChar>?,
  _ progress: svft_progress_callback?, _ user: UnsafeMutableRawPointer?,
  _ out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    let out = try required(out, "out")
    let model = try object(model, Model.self, "model")
    let report = try model.ablate(
      string(data, "data"), validation: optionalString(validation, "validation"),
      output: optionalString(output, "output"),
      options: optionalString(options, "options") ?? "{}",
      progress: workProgress(progress, user))
    out.pointee = try owned(report)
  }
}

@c @implementation package func svft_plot(
  _ metrics: UnsafePointer<CChar>?, _ path: UnsafePointer<CChar>?
) -> svft_status {
  guarded { () throws(SVFTError) in
    try Plotter.plot(string(metrics, "metrics"), to: string(path, "path"))
  }
}

extension svft_train_progress {
  init(_ progress: TrainingProgress, event name: UnsafePointer<CChar>) {
    self.init()
    event = name
    step = Int64(progress.step)
    total_steps = Int64(progress.totalSteps)
    epoch = progress.epoch
    loss = progress.loss
    validation_loss = progress.validationLoss ?? .nan
    gradient_norm = progress.gradientNorm
    learning_rate = progress.learningRate
    tokens = Int64(progress.tokens)
    tokens_per_second = progress.tokensPerSecond
    elapsed = progress.elapsed
    remaining = progress.remaining
  }
}
