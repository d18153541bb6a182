// Which modules of a model are worth adapting: the verb. How it is done: Ablation/.
import SVFTFormats
public import SVFTTensor

extension Model {
  /// Trains a fresh adapter on each group of modules, all of one size, and evaluates each on
  /// held-out data, which is judged without adapter too. Returns the figures as JSON.
  ///
  /// `data`, `validation`: as a trainer has them. `options` is a JSON object with the keys "groups"
  /// (lists of module names separated by commas; each kind of linear modules alone, attention, MLP
  /// and all together), "budget" (trained numbers of each adapter), "seeds" (runs of each group;
  /// 2), "adapter" (options of createAdapter but modules and size) and "training" (fields of
  /// TrainingOptions). `output` is a folder that gets ablation.json and ablation.svg after each
  /// run; a call with the same options goes on with what is missing there.
  ///
  /// Throws `.invalidArgument`, `.mismatch` (no such module; another ablation in the folder),
  /// `.unsupported`, `.data`, `.io`, `.busy`, `.memory`, `.cancelled`: what was done is kept.
  public func ablate(
    _ data: String, validation: String? = nil, output: String? = nil, options: String = "{}",
    progress: WorkProgress? = nil
  ) throws(SVFTError) -> String {
    let request = try Ablation.Request(json: options)
    return try gate.exclusively { () throws(SVFTError) in
      if let output { try requireForeign(output) }
      let lock = try output.map { path throws(SVFTError) in try FolderLock(path) }
      defer { withExtendedLifetime(lock) {} }
      let sets = try TrainingSets(
        data, validation, self, request.training, now: Ablation.moment(output))
      let ablation = try Ablation(self, request, sets, output: output)
      try ablation.run(progress)
      return try JSON.object(ablation.log.json).text(.pretty)
    }
  }
}
