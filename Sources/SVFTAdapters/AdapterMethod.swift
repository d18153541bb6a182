// What a method of fine-tuning is to the rest of the tree, and the list of the methods there are.
//
// One instance serves a whole model, because methods may share state between modules, need data
// before they can start, replace tensors, add losses or change themselves while training. A new
// method is one file and one line in the list: every door passes its name and the same JSON
// options.
package import SVFTFormats
package import SVFTLayers
package import SVFTTensor

/// A method of fine-tuning, with its parameters for one model.
///
/// One that is additive may also act on some rows of a step alone: `apply` with lanes, of
/// `SiteAdapter`, is `.unsupported` unless it has it.
///
/// Rows of weights, biases and `delta` are in the order in which the slot stores them; what `state`
/// gives and `load` takes is in canonical order (`RowOrder`).
package protocol AdapterMethod: SiteAdapter {
  /// What options and doors call it.
  static var name: String { get }
  /// What adapter_config.json calls it: `peft_type`.
  static var fileType: String { get }
  /// Whether it adds a delta to weights: only such methods have a scale and stack on one module.
  static var isAdditive: Bool { get }

  /// Makes a fresh adapter that leaves the model's output as it is. Throws `.invalidArgument` for
  /// bad options, `.mismatch` where no target is found.
  init(_ options: AdapterOptions, _ sites: ModelSites, _ factors: FactorStore)
    throws(SVFTError)

  /// Whether all it does to its projections is to add a change to W, whatever W is.
  var addsOnly: Bool { get }

  /// The sizes it can have on modules, with these options but for the one that says how many
  /// numbers are trained; nil where the modules alone decide. Throws `.invalidArgument`.
  static func size(_ options: AdapterOptions, on modules: [Projection])
    throws(SVFTError) -> AdapterSize?

  /// The projections it acts on, in the order of the computation.
  var projections: [Projection] { get }
  /// Tensors it trains in full, with what the options "bias" and "modules_to_save" add.
  var standIns: [StandIn] { get }
  /// What it trains of its own, without the stand-ins.
  var parameters: [Parameter] { get }
  /// Chooses how it computes the steps that come: asked before a training run.
  func expect(_ step: StepShape) -> Change
  /// How it computes each of its modules, for people; empty where there is nothing to choose.
  var plan: JSON.Object { get }
  /// What must be seen before training can start; asked again after each `prepare`.
  var preparation: Preparation? { get }
  /// Uses what the steps asked for by `preparation` have left in the graph's parameters.
  func prepare() throws(SVFTError)
  /// Brings whatever is derived from the parameters up to date: after each optimiser step.
  func refresh(threads: Int)

  /// Rows of ΔW of a projection; nil where nothing is added to it.
  func changeRows(_ projection: Projection) throws(SVFTError) -> (any ChangeRows)?

  /// ΔW of a projection at scale 1 as a product of thin matrices, rows in canonical order.
  /// `.unsupported` where a method adds no delta.
  func product(_ projection: Projection) throws(SVFTError) -> FactoredDelta
  /// Sets its numbers on a projection so that ΔW comes as near to `change` as it can. Gives the
  /// energy of what it took. `.unsupported` where a method adds no delta.
  func adopt(_ change: WeightChange, on projection: Projection) throws(SVFTError) -> Double
  /// Makes one adapter of several. `.unsupported` where a method has no sums.
  static func sum(_ sum: AdapterSum) throws(SVFTError) -> AdapterSum.Result

  /// Records what it adds to the loss, from values of the graph; nil for nothing. [1, 1]
  func loss(_ graph: Graph) throws(SVFTError) -> Value?
  /// Changes gradients after clipping.
  func adjust(step: Int)
  /// Changes the method itself after an optimiser step, and says what else must follow.
  func advance(step: Int) throws(SVFTError) -> Change

  /// Entries of adapter_config.json.
  var configuration: JSON.Object { get }
  /// Those of them that say how the base was decomposed: they differ between machines, and decide
  /// nothing that the others do not.
  static var baseFigures: [String] { get }
  /// The options that make the adapter of a file: its configuration and what tensors it holds.
  static func options(_ file: AdapterContents) throws(SVFTError) -> JSON.Object
  /// Its own tensors to be saved, without the stand-ins, in canonical order.
  func state() throws(SVFTError) -> [NamedTensor]
  /// Takes its own saved tensors. Throws `.format`, `.mismatch` or `.nonFinite`, and then is
  /// unchanged.
  func load(_ file: AdapterContents) throws(SVFTError)
}

/// Steps on training data that a method wants before training.
package enum Preparation: Sendable, Equatable {
  /// Forward and backward of that many batches, with the graph recorded anew before the first.
  case gradients(steps: Int)
}

/// What a method changed about itself.
package enum Change: Sendable, Equatable {
  case nothing
  /// Which parameters there are, or which of them are frozen.
  case parameters
  /// What the graph computes: record it again.
  case graph
}

extension AdapterMethod {
  package var addsOnly: Bool { Self.isAdditive }
  package static func size(
    _ options: AdapterOptions, on modules: [Projection]
  ) throws(SVFTError) -> AdapterSize? { nil }
  package var projections: [Projection] { [] }
  package var standIns: [StandIn] { [] }
  package var parameters: [Parameter] { [] }
  package func expect(_ step: StepShape) -> Change { .nothing }
  package var plan: JSON.Object { JSON.Object() }
  package var preparation: Preparation? { nil }
  package func prepare() throws(SVFTError) {}
  package func refresh(threads: Int) {}
  package func loss(_ graph: Graph) throws(SVFTError) -> Value? { nil }
  package func adjust(step: Int) {}
  package func advance(step: Int) throws(SVFTError) -> Change { .nothing }

  package func apply(_ site: Site, _ x: Value, _ graph: Graph) throws(SVFTError) -> Value {
    try site.base(x)
  }

  package func changeRows(_ projection: Projection) throws(SVFTError) -> (any ChangeRows)? { nil }
  package func product(_ projection: Projection) throws(SVFTError) -> FactoredDelta {
    throw SVFTError(
      .unsupported,
      "\(projection.name): expected a method that adds a change to it, found \(Self.name)")
  }
  package func adopt(_ change: WeightChange, on projection: Projection) throws(SVFTError) -> Double
  {
    throw SVFTError(
      .unsupported,
      "\(projection.name): expected a method that can take a change, found \(Self.name)")
  }
  package static func sum(_ sum: AdapterSum) throws(SVFTError) -> AdapterSum.Result {
    throw SVFTError(
      .unsupported,
      "expected adapters of a method that can be added up, found \(name): merge them into models, "
        + "and import the difference to the base")
  }
  /// Everything it trains: parameters of its own and stand-ins for tensors, in a fixed order.
  package var allParameters: [Parameter] { parameters + standIns.map(\.parameter) }

  /// Throws `.nonFinite` where a trained number is none, after `what` was made of other numbers.
  package func requireFinite(_ what: String) throws(SVFTError) {
    for parameter in allParameters {
      guard let values = parameter.values.baseAddress,
        !Kernels.allFinite(values, count: parameter.values.count)
      else { continue }
      throw SVFTError(.nonFinite, "\(parameter.name): expected \(what) of numbers, found others")
    }
  }

  package var configuration: JSON.Object { JSON.Object() }
  package static var baseFigures: [String] { [] }
  package func state() throws(SVFTError) -> [NamedTensor] { [] }
  package func load(_ file: AdapterContents) throws(SVFTError) {}
}

/// The methods there are.
package enum AdapterMethods {
  /// Every method: a new one is added here and nowhere else.
  package static let all: [any AdapterMethod.Type] = [
    SingularVectorMethod.self, LoRA.self, FullTraining.self, HeadTraining.self, BiasTraining.self,
  ]

  /// The one that options mean which name none.
  package static let usual: any AdapterMethod.Type = SingularVectorMethod.self

  /// The method of that name.
  ///
  /// `.unsupported` names what there is.
  package static func named(_ name: String) throws(SVFTError) -> any AdapterMethod.Type {
    if let type = all.first(where: { $0.name == name }) { return type }
    throw SVFTError(
      .unsupported,
      "expected one of the methods \(all.map { $0.name }.joined(separator: ", ")), found "
        + name.debugDescription)
  }

  /// The method that adapter_config.json calls `type`.
  ///
  /// `.unsupported` names what there is.
  package static func ofFile(_ type: String) throws(SVFTError) -> any AdapterMethod.Type {
    if let method = all.first(where: { $0.fileType == type.uppercased() }) { return method }
    throw SVFTError(
      .unsupported,
      "expected one of the types \(all.map { $0.fileType }.joined(separator: ", ")), found "
        + "\(type.debugDescription): merge it with the program that trained it")
  }
}
