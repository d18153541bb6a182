// Making and loading adapters on a model, and what they can act on.
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
      return try makeAdapter(object, progress)
    }
  }

  /// Attaches a fresh adapter; the caller holds the gate.
  func makeAdapter(
    _ object: JSON.Object, _ progress: WorkProgress?
  ) throws(SVFTError) -> Adapter {
    factors.progress = progress
    defer { (factors.progress, factors.isTight) = (nil, false) }
    try foreseeFactors("attaching this adapter") { () throws(SVFTError) in
      let options = try AdapterOptions(.object(object))
      let method = try options.method().init(options, sites(with: classes), factors.copy())
      _ = try rounded(Adapter.Attached(method, object, isTrained: false))
    }
    let method = try makeMethod(object, with: classes)
    let adapter = Adapter(self, Adapter.Attached(method, object, isTrained: false))
    // What acts on a head keeps it, whoever brought it.
    if classes.isTouched(by: method) { adapter.attached.classes = classes }
    try adapter.attachNow()
    return adapter
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
      let classes = try classes(savedIn: contents)
      let saved = try AdapterFile.load(
        contents, sites(with: classes ?? self.classes), factors)
      let adapter = Adapter(self, Adapter.Attached(saved.method, saved.options, isTrained: true))
      adapter.attached.learned = saved.learned
      adapter.attached.classes = classes
      try adapter.attach(scale: scale)
      try adapter.attached.compareCodes(contents.configuration, folder)
      return adapter
    }
  }

  /// Rehearses `body`, which takes a copy of the factors' store. Where there is no room, once more
  /// with the store granting what takes least; that is what it does from then on, until the caller
  /// resets it. Throws `.memory`.
  func foreseeFactors(
    _ activity: String, _ body: () throws(SVFTError) -> Void
  ) throws(SVFTError) {
    do throws(SVFTError) {
      try network.foresee(activity) { (_) throws(SVFTError) in try body() }
    } catch {
      guard error.kind == .memory, !factors.isTight else { throw error }
      factors.isTight = true
      try network.foresee(activity) { (_) throws(SVFTError) in try body() }
    }
  }

  func makeMethod(
    _ options: JSON.Object, with classes: Classes
  ) throws(SVFTError) -> any AdapterMethod {
    let options = try AdapterOptions(.object(options))
    let method = try options.method().init(options, sites(with: classes), factors)
    if try options.bool("repair", default: false) { try repair(method, options) }
    return method
  }

  /// What adapters can act on, with a class head.
  func sites(with classes: Classes) -> ModelSites {
    let language = [network.heads.language?.projection].compactMap { $0 }
    let (heads, slots) = (classes.head?.projections ?? [], classes.head?.slots ?? [])
    let body = network.architecture
    return ModelSites(
      projections: body.projections + language + heads, heads: language + heads,
      slots: body.slots + (network.heads.language?.slots ?? []) + slots,
      patterns: patterns, aliases: moduleAliases)
  }

  /// What PEFT finds modules of the body and the head of language by.
  var moduleAliases: ModuleAliases {
    let body = network.architecture
    let slots = body.slots + (network.heads.language?.slots ?? [])
    let modules = slots.map(\.name).compactMap { name in
      name.lastIndex(of: ".").map { String(name[..<$0]) }
    }
    return ModuleAliases(type(of: body).tensorNames.aliases(of: modules))
  }
}
