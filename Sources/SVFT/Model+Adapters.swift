// Making, loading and describing adapters on a model, and the heads that labelled data need.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTModels
public import SVFTTensor

extension Model {
  /// Attaches a fresh adapter. `options` is a JSON object: "method", "targets", and the method's
  /// own keys, the same that stand in adapter_config.json. The adapted model equals the base until
  /// it is trained.
  ///
  /// Throws `.invalidArgument`, `.unsupported` (no such method), `.mismatch` (no target found),
  /// `.memory`.
  public func createAdapter(
    _ options: String, progress: WorkProgress? = nil
  ) throws(SVFTError) -> Adapter {
    try gate.exclusively { () throws(SVFTError) in
      let object = try AdapterOptions.argument { () throws(SVFTError) in
        try JSON.parse(options).root("adapter options")
      }
      factors.progress = progress
      defer { factors.progress = nil }
      try network.foresee("attaching this adapter") { (_) throws(SVFTError) in
        let options = try AdapterOptions(.object(object))
        _ = try options.method().init(options, sites, factors.copy())
      }
      let adapter = Adapter(
        self, Adapter.Attached(try makeMethod(object), object, isTrained: false))
      try adapter.attachNow()
      return adapter
    }
  }

  /// Attaches a saved adapter: a folder with adapter_config.json and adapter_model.safetensors,
  /// PEFT's LoRA included. Throws `.io`, `.format`, `.mismatch` (another base), `.nonFinite`,
  /// `.unsupported`.
  public func loadAdapter(
    _ folder: String, scale: Float = 1, progress: WorkProgress? = nil
  ) throws(SVFTError) -> Adapter {
    try gate.exclusively { () throws(SVFTError) in
      factors.progress = progress
      defer { factors.progress = nil }
      let contents = try AdapterContents(folder: folder)
      let before = classes
      do throws(SVFTError) {
        try takeLabels(of: contents)
        let (method, options) = try AdapterFile.load(contents, sites, factors)
        let adapter = Adapter(self, Adapter.Attached(method, options, isTrained: true))
        try adapter.attach(scale: scale)
        return adapter
      } catch {
        classes = before
        throw error
      }
    }
  }

  /// Computes the singular factors of `targets` ("all-linear", or suffixes of module names), or
  /// takes them from the cache. Throws `.mismatch` where no target is found, `.nonFinite`,
  /// `.memory`, `.cancelled`.
  public func factor(_ targets: [String] = ["all-linear"], progress: WorkProgress? = nil)
    throws(SVFTError)
  {
    try gate.exclusively { () throws(SVFTError) in
      factors.progress = progress
      defer { factors.progress = nil }
      let rule: TargetRule = targets == ["all-linear"] ? .allLinear : .ends(targets)
      _ = try factors.factors(try sites.projections(rule).map(\.weight))
    }
  }

  func makeMethod(_ options: JSON.Object) throws(SVFTError) -> any AdapterMethod {
    let options = try AdapterOptions(.object(options))
    return try options.method().init(options, sites, factors)
  }

  /// What adapters can act on.
  var sites: ModelSites {
    let heads =
      [network.heads.language?.projection].compactMap { $0 }
      + (network.heads.classes?.projections ?? [])
    return ModelSites(projections: network.projections, heads: heads, slots: network.slots)
  }

  /// Names of the modules of the class head.
  var headModules: [String] { network.heads.classes?.projections.map(\.name) ?? [] }

  /// Gives the model a head for the labels of `dataset` where it has none.
  /// Throws `.mismatch` where it has another one.
  func ensureHead(for dataset: Dataset, seed: UInt64) throws(SVFTError) {
    let outputs = dataset.task == .score ? 1 : dataset.classes.count
    guard dataset.task == .score || outputs > 1 || network.heads.classes != nil else {
      throw SVFTError(
        .data, "label: expected at least two classes to learn, found \(dataset.classes.count)")
    }
    if let head = network.heads.classes {
      // A score head serves scores, numbers are classes of the head itself, names must be its own.
      if dataset.classes.isEmpty, dataset.task == .classes || head.outputs == 1 { return }
      if dataset.task == .classes, !classNames.isEmpty {
        return try requireKnown(dataset.classes)
      }
    }
    try addHead(outputs: outputs, seed: seed)
    classNames = dataset.classes
  }

  /// Throws `.mismatch` for classes that the head does not have.
  private func requireKnown(_ classes: [String]) throws(SVFTError) {
    let unknown = classes.filter { !classNames.contains($0) }
    guard unknown.isEmpty else {
      throw SVFTError(
        .mismatch,
        "expected classes among \(classNames.prefix(12).joined(separator: ", ")), the data has "
          + unknown.prefix(12).joined(separator: ", "))
    }
  }

  /// The class head with its names, as a value: what failed half-way is put back by it.
  struct Classes {
    fileprivate let loaded: LoadedModel
    fileprivate let names: [String]
  }

  var classes: Classes {
    get { Classes(loaded: loaded, names: classNames) }
    set {
      (loaded, classNames) = (newValue.loaded, newValue.names)
      network.heads.classes = loaded.classHead
      network.invalidate()
    }
  }

  private func addHead(outputs: Int, seed: UInt64) throws(SVFTError) {
    try loaded.addClassHead(ClassHead.Fresh(outputs: outputs, seed: seed))
    network.heads.classes = loaded.classHead
    network.invalidate()
  }

  /// Gives the model the head that a saved adapter was trained with.
  private func takeLabels(of contents: AdapterContents) throws(SVFTError) {
    guard let labels = try AdapterLabels(contents) else { return }
    try addHead(outputs: labels.outputs, seed: 0)
    classNames = labels.names
  }
}
