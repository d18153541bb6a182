// Where the changes of a model's tensors come from, and the list of the kinds of places there are.
// A source names its tensors as this model does, gives one change at a time, and has checked names,
// shapes and types before it gives the first. A new kind is one file and one line in the list.
import SVFTAdapters
import SVFTFormats
import SVFTTensor

/// Named changes of one model's tensors, each made when it is asked for.
protocol DeltaSource: AnyObject, SendableMetatype {
  /// What the option "from" calls it.
  static var name: String { get }
  /// Whether a path holds one.
  static func recognises(_ path: String) throws(SVFTError) -> Bool

  /// Opens a source of changes of `model`, of another base too where `anyBase`.
  ///
  /// `.mismatch` for modules that the model does not have and for another base, `.shape`,
  /// `.unsupported`, `.format`, `.io`.
  init(_ path: String, _ model: Model, anyBase: Bool) throws(SVFTError)

  /// Names of the tensors that change, "model.layers.0.mlp.up_proj.weight".
  var names: [String] { get }
  /// Whether heads are meant where nobody names targets.
  var meansHeads: Bool { get }
  /// The class head that some of the changes belong to; nil for the model's own.
  var classes: Classes? { get }
  /// The change of a tensor; nil where it does not change.
  func change(_ name: String) throws(SVFTError) -> WeightChange?
  /// ‖ΔW‖² of one of `names`.
  func energy(_ name: String) throws(SVFTError) -> Double
  /// What else a report should say.
  var notes: [(key: String, value: JSON)] { get }
}

extension DeltaSource {
  var meansHeads: Bool { true }
  var classes: Classes? { nil }
  var notes: [(key: String, value: JSON)] { [] }
  func energy(_ name: String) throws(SVFTError) -> Double { try change(name)?.energy ?? 0 }
}

/// The kinds of sources there are.
enum DeltaSources {
  /// Every kind, the first that recognises a path is taken: a new one is added here and nowhere
  /// else.
  static let all: [any DeltaSource.Type] = [
    SavedAdapter.self, GGUFLoRAFile.self, ModelDifference.self, DenseDeltaFile.self,
  ]

  /// Opens a path as the kind of that name, or as what it is.
  static func open(
    _ path: String, as name: String?, _ model: Model, anyBase: Bool
  ) throws(SVFTError) -> any DeltaSource {
    let kind = if let name { try named(name) } else { try recognised(path) }
    return try kind.init(path, model, anyBase: anyBase)
  }

  private static func named(_ name: String) throws(SVFTError) -> any DeltaSource.Type {
    if let kind = all.first(where: { $0.name == name }) { return kind }
    throw SVFTError(
      .invalidArgument,
      "from: expected one of \(all.map { $0.name }.joined(separator: ", ")), found "
        + name.debugDescription)
  }

  private static func recognised(_ path: String) throws(SVFTError) -> any DeltaSource.Type {
    guard try FileSystem.kind(path) != nil else {
      throw SVFTError(.io, "\(path): expected an adapter, a change or a model, found nothing")
    }
    for kind in all where try kind.recognises(path) { return kind }
    throw SVFTError(
      .format, "\(path): expected an adapter, a change or a model, found none of them")
  }
}
