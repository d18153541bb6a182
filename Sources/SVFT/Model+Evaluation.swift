// Evaluation of a model on data.
public import SVFTTensor

extension Model {
  /// Loss, perplexity, accuracy or correlation on a data file or folder (its valid file where it
  /// has one). Of `options`, those that say how records become tokens count. Throws `.data` with
  /// the line, `.unsupported` (no head for the labels), `.nonFinite`, `.cancelled`.
  public func evaluate(
    _ data: String, options: TrainingOptions = TrainingOptions(), progress: WorkProgress? = nil
  ) throws(SVFTError) -> Evaluation {
    try options.validate()
    return try gate.exclusively { () throws(SVFTError) in
      let source = try exampleSource(options)
      let files = try source.files(data)
      let dataset = try source.dataset(file: files.valid ?? files.train, like: nil)
      return try Evaluator(network: network, gate: gate, classes: classNames)
        .evaluate(dataset, progress: progress)
    }
  }
}
