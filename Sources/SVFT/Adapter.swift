// An adapter as users hold it: a method attached to a model, with its scale, and what it knows of
// its labels.
//
// Attaching, detaching and scaling change what the model computes, so its recorded passes are
// dropped.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTModels
public import SVFTTensor

/// An attached adapter.
public final class Adapter: @unchecked Sendable {
  /// The model it belongs to, kept alive by it.
  public let model: Model
  /// What is attached; the model holds it too, without holding this object, which holds the model.
  let attached: Attached

  /// The state of an adapter, shared by every object that stands for it.
  final class Attached {
    var method: any AdapterMethod
    var scale: Float = 1
    var options: JSON.Object
    /// Whether it was loaded or trained: then its parts are not made anew.
    var isTrained: Bool
    var isAttached = false
    /// The class head it was trained with or acts on.
    var classes: Classes?
    /// What is computed with where it is attached for rounded weights.
    fileprivate(set) var rounded: RoundedModules?
    /// Trained scales of the blocks it is rounded in.
    var learned: LearnedScales?

    init(_ method: any AdapterMethod, _ options: JSON.Object, isTrained: Bool) {
      self.method = method
      self.options = options
      self.isTrained = isTrained
    }
  }

  init(_ model: Model, _ attached: Attached) {
    self.model = model
    self.attached = attached
  }

  var method: any AdapterMethod { attached.method }
  var scale: Float { attached.scale }
  /// The class head that belongs to it.
  private var classes: Classes { attached.classes ?? model.ownClasses }
  /// Whether it takes part in what the model computes.
  var isActive: Bool { attached.isAttached && scale != 0 }

  /// Takes the adapter off its model. Throws `.busy` while the model is in use.
  public func detach() throws(SVFTError) {
    try model.gate.exclusively { () throws(SVFTError) in detachNow() }
  }

  /// Takes the adapter off its model, at the latest when the call ends that the model is in use by.
  package func detachWhenFree() { model.gate.whenFree { self.detachNow() } }

  /// The factor on the change the adapter makes; 0 turns it off without detaching it. Throws
  /// `.invalidArgument` for a number that is not finite, or other than 0 and 1 where the method
  /// replaces tensors.
  public func setScale(_ scale: Float) throws(SVFTError) {
    try model.gate.exclusively { () throws(SVFTError) in
      try check(scale)
      try inPlace { () throws(SVFTError) in attached.scale = scale }
    }
  }

  /// Writes adapter_config.json and adapter_model.safetensors into a folder, all or nothing. Throws
  /// `.state` for the folder of a training run with checkpoints, whose adapter is in there.
  public func save(to folder: String) throws(SVFTError) {
    try model.gate.exclusively { () throws(SVFTError) in
      try model.requireForeign(folder)
      try Model.requireNoRun(folder)
      try write(to: folder)
    }
  }

  /// Writes the adapter; the caller holds the gate.
  func write(to folder: String) throws(SVFTError) {
    var company = AdapterFile.Company()
    company.tensors = try attached.learned?.state() ?? []
    company.aliases = model.moduleAliases
    var entries = JSON.Object()
    entries["base_model_name_or_path"] = .string(FileSystem.name(model.path))
    entries["task_type"] = model.network.taskName(head: classes.head)
    for (key, value) in AdapterLabels.entry(classes) { entries[key] = value }
    if let (key, value) = try attached.awareness() { entries[key] = value }
    company.entries = entries
    try AdapterFile.save(method, attached.options, to: folder, with: company)
  }

  /// Takes the numbers of a saved state of this adapter; the caller holds the gate. Throws
  /// `.mismatch` for a state of another adapter; then this one stays as it was.
  func reload(from folder: String) throws(SVFTError) {
    let contents = try AdapterContents(folder: folder)
    try inPlace { () throws(SVFTError) in
      let saved = try AdapterFile.load(
        contents, model.sites(with: attached.classes ?? model.classes), model.factors)
      try requireSameKind(saved.method)
      (attached.method, attached.options, attached.learned) = saved
    }
  }

  /// Throws `.mismatch` where a saved state is of an adapter with other modules or options than
  /// this one; reads names and shapes alone.
  func requireKind(savedIn folder: String) throws(SVFTError) {
    let path = FileSystem.join(folder, AdapterFile.configurationName)
    let config = try JSON.read(path).root(path)
    let type = type(of: method)
    try requireSame("peft_type", .string(type.fileType), config["peft_type"])
    for (key, mine) in method.configuration.members where !type.baseFigures.contains(key) {
      // As it reads in a file: a whole number is an integer there.
      try requireSame(key, JSON.parse(mine.text(.compact)), config[key])
    }
    // Codes differ between processors, and with what was learnt.
    func rule(_ entry: JSON?) throws(SVFTError) -> JSON? {
      guard case .object(let object)? = entry else { return entry }
      return .object(JSON.Object(object.members.filter { $0.0 != "codes" }.map { ($0.0, $0.1) }))
    }
    let key = QuantizationAwareness.fileKey
    let mine = try QuantizationAwareness(AdapterOptions(.object(attached.options)))?
      .entry(codes: nil).value
    try requireSame(
      key, mine.map { value throws(SVFTError) in try JSON.parse(value.text(.compact)) },
      rule(config[key]))
    let file = try Safetensors(FileSystem.join(folder, AdapterFile.tensorsName))
    func listed(_ tensors: some Sequence<(String, [Int])>) -> JSON {
      .array(tensors.map { "\($0.0) \($0.1)" }.sorted().map { .string($0) })
    }
    try requireSame(
      "tensors", listed(tensorShapes()), listed(file.entries.map { ($0.name, $0.shape) }))
  }

  /// Names and shapes of what is saved; a rehearsal makes the tensors without their numbers.
  private func tensorShapes() throws(SVFTError) -> [(String, [Int])] {
    try MemoryLedger.rehearsal().keep { () throws(SVFTError) in
      var company = AdapterFile.Company()
      company.tensors = try attached.learned?.state() ?? []
      company.aliases = model.moduleAliases
      return try AdapterFile.tensors(method, with: company).map { ($0.name, $0.shape) }
    }
  }

  /// Throws `.mismatch` where a saved method has other modules or options than this one.
  private func requireSameKind(_ saved: any AdapterMethod) throws(SVFTError) {
    let theirs = Adapter.traits(saved)
    for (key, mine) in Adapter.traits(method).members { try requireSame(key, mine, theirs[key]) }
  }

  private func requireSame(_ key: String, _ mine: JSON?, _ theirs: JSON?) throws(SVFTError) {
    guard theirs != mine else { return }
    func words(_ value: JSON?) throws(SVFTError) -> String {
      let text = try value?.text(.compact) ?? "none"
      return text.count > 200 ? text.prefix(200) + "…" : text
    }
    let (expected, found) = (try words(mine), try words(theirs))
    throw SVFTError(
      .mismatch,
      "checkpoint of another run: expected an adapter with \(key) \(expected), found \(found)")
  }

  /// What a method is besides its numbers.
  static func traits(_ method: any AdapterMethod) -> JSON.Object {
    var traits = JSON.Object([("method", .string(type(of: method).name))])
    let figures = type(of: method).baseFigures
    for (key, value) in method.configuration.members where !figures.contains(key) {
      traits[key] = value
    }
    traits["targets"] = .array(method.projections.map { .string($0.name) })
    traits["modules_to_save"] = .array(method.standIns.map { .string($0.slot.name) })
    return traits
  }

  /// Attaches with a scale other than 1.
  func attach(scale: Float) throws(SVFTError) {
    try check(scale)
    attached.scale = scale
    try attachNow()
  }

  func check(_ scale: Float) throws(SVFTError) {
    guard scale.isFinite else {
      throw SVFTError(.invalidArgument, "scale: expected a finite number, found \(scale)")
    }
    let isSwitch = scale == 0 || scale == 1
    guard isSwitch || AdapterSet.isScalable(method) else {
      throw SVFTError(
        .invalidArgument,
        "scale: the method \(type(of: method).name) replaces tensors and knows only 0 and 1, found "
          + "\(scale)")
    }
  }

  /// Puts the method's parts into the model, above what is there. Throws `.state` where another
  /// adapter holds a tensor.
  func attachNow() throws(SVFTError) {
    guard !attached.isAttached else { return }
    try activate()
    attached.isAttached = true
    model.adapters.append(attached)
    model.adaptersChanged()
  }

  /// Changes method, class head or scale while the method's parts are out of the model, and puts
  /// them back where they were among the others. Where anything throws, all is as before.
  private func inPlace(_ change: () throws(SVFTError) -> Void) throws(SVFTError) {
    guard attached.isAttached else { return try change() }
    let (before, scale) = (asBefore, attached.scale)
    AdapterSet.detach(method)
    defer { model.adaptersChanged() }
    do throws(SVFTError) {
      try change()
      try activate()
    } catch {
      attached.take(before)
      attached.scale = scale
      try activate()
      throw error
    }
  }

  /// Puts the method's parts beneath those of the adapters that were attached later.
  private func activate() throws(SVFTError) {
    attached.rounded = nil
    guard scale != 0 else { return }
    try model.requireAlone(attached)
    let place = model.adapters.firstIndex { $0 === attached } ?? model.adapters.endIndex
    attached.rounded = try model.rounded(attached)
    attached.rounded?.awareness.fix(&attached.options)
    try AdapterSet.attach(
      method, scale: scale, before: model.adapters[place...].map(\.method),
      rounded: attached.rounded)
  }

  func detachNow() {
    guard attached.isAttached else { return }
    attached.isAttached = false
    AdapterSet.detach(method)
    model.adapters.removeAll { $0 === attached }
    model.adaptersChanged()
  }

  /// What to go back to where preparing a run fails half-way.
  struct Before {
    fileprivate let method: any AdapterMethod
    fileprivate let options: JSON.Object
    fileprivate let isTrained: Bool
    fileprivate let classes: Classes?
    fileprivate let learned: LearnedScales?
  }

  var asBefore: Before {
    Before(
      method: method, options: attached.options, isTrained: attached.isTrained,
      classes: attached.classes, learned: attached.learned)
  }

  /// Gives adapter and class head the state they had; the caller holds the gate.
  func goBack(to before: Before) throws(SVFTError) {
    try inPlace { () in attached.take(before) }
  }

  /// Sees to it that the adapter trains the head that `dataset` needs: gives it a fresh head where
  /// there is none, and makes an untrained adapter anew with the head among what it trains.
  func prepareHead(for dataset: Dataset, seed: UInt64) throws(SVFTError) {
    guard dataset.task != .language else { return }
    let classes = try (attached.classes ?? model.classes).serving(dataset, seed: seed)
    let method = try method(training: classes)
    try inPlace { () throws(SVFTError) in
      attached.classes = classes
      if let method { (attached.method, attached.options) = method }
    }
  }

  /// The method with the modules of a head among what it trains; nil where they are already.
  private func method(
    training classes: Classes
  ) throws(SVFTError) -> (any AdapterMethod, JSON.Object)? {
    // A module of the head that the method adapts already (a pooler) learns through the adapter.
    let adapted = method.projections.map(\.name)
    let trained = classes.modules.filter { !adapted.contains($0) }
    let missing = trained.filter { module in
      !method.allParameters.contains { $0.name.hasPrefix(module + ".") }
    }
    guard !missing.isEmpty else { return nil }
    guard !attached.isTrained else {
      throw SVFTError(
        .mismatch,
        "expected an adapter that trains \(missing.joined(separator: ", ")), found one without"
      )
    }
    var options = attached.options
    options["modules_to_save"] = .array(trained.map { .string($0) })
    return (try model.makeMethod(options, with: classes), options)
  }
}

extension Adapter.Attached {
  /// Everything that is trained, in a fixed order.
  var parameters: [Parameter] { method.allParameters + (learned?.parameters ?? []) }

  /// Brings what is derived from the trained numbers up to date.
  ///
  /// Throws `.memory`.
  func refresh(threads: Int) throws(SVFTError) {
    method.refresh(threads: threads)
    try rounded?.refresh()
  }

  /// Takes back a state; what is attached is the caller's to change.
  fileprivate func take(_ before: Adapter.Before) {
    (method, options) = (before.method, before.options)
    (isTrained, classes, learned) = (before.isTrained, before.classes, before.learned)
  }
}
