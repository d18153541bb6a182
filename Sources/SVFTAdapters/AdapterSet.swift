// Attaching methods to the modules of their model. Deltas stack in order of attachment, each with
// its scale; a tensor that is trained itself has one owner, and nothing is added to it.
//
// Attaching and detaching change what projections record: graphs must be recorded again, which is
// cheap. The model's own tensors are never changed.
import SVFTLayers
package import SVFTTensor

/// What is attached to a model's projections and slots.
package enum AdapterSet {
  /// Attaches a method: on each of its modules above what is there, but beneath the methods in
  /// `later`. Floating-point sums depend on the order. With `rounded` matrices it must be the
  /// lowest.
  ///
  /// `.invalidArgument` for a scale that is no number, or other than 1 where tensors are replaced;
  /// `.state` where it is attached already or another method is in the way. Changes nothing where
  /// it throws.
  package static func attach(
    _ method: any AdapterMethod, scale: Float = 1, before later: [any AdapterMethod] = [],
    rounded: RoundedModules? = nil
  ) throws(SVFTError) {
    guard scale.isFinite else {
      throw SVFTError(.invalidArgument, "expected a scale that is a number, found \(scale)")
    }
    guard scale == 1 || isScalable(method) else {
      throw SVFTError(
        .invalidArgument,
        "method \(type(of: method).name) replaces tensors: expected scale 1, found \(scale)")
    }
    func place(on projection: Projection) -> Int {
      projection.attachments.firstIndex { above in later.contains { $0 === above.adapter } }
        ?? projection.attachments.endIndex
    }
    for projection in method.projections {
      try refuseConflict(method, on: projection)
      try refuseBeneath(rounded, projection, place(on: projection))
      try refuseCutting(method, projection, place(on: projection))
    }
    for standIn in method.standIns { try refuseConflict(method, standIn) }
    for standIn in method.standIns { standIn.slot.standIn = standIn.parameter }
    for projection in method.projections {
      projection.attachments.insert(
        Attachment(method, scale: scale, rounded: rounded?.matrix(projection)),
        at: place(on: projection))
    }
  }

  /// Takes a method off its modules; nothing happens where it is not attached.
  package static func detach(_ method: any AdapterMethod) {
    for projection in method.projections {
      projection.attachments.removeAll { $0.adapter === method }
    }
    for standIn in method.standIns where standIn.slot.standIn === standIn.parameter {
      standIn.slot.standIn = nil
    }
  }

  /// Whether a method may act with another strength than 1: it adds deltas, and replaces at most a
  /// head.
  package static func isScalable(_ method: any AdapterMethod) -> Bool {
    type(of: method).isAdditive && method.standIns.allSatisfy { $0.parameter.group == .head }
  }

  /// A rounded matrix is that of the checkpoint with one change: nothing lies beneath it.
  private static func refuseBeneath(
    _ rounded: RoundedModules?, _ projection: Projection, _ place: Int
  ) throws(SVFTError) {
    let wants = rounded?.matrix(projection) != nil
    let above = projection.attachments.dropFirst(place)
    guard wants && place > 0 || above.contains(where: { $0.rounded != nil }) else { return }
    throw SVFTError(
      .state,
      "\(projection.name): expected a quantisation-aware adapter to be the first one on its "
        + "modules, found another beneath: attach it first")
  }

  /// Who replaces W by a part of it is the first on a module.
  private static func refuseCutting(
    _ method: any AdapterMethod, _ projection: Projection, _ place: Int
  ) throws(SVFTError) {
    let above = projection.attachments.dropFirst(place)
    let cuts = above.contains { ($0.adapter as? any AdapterMethod)?.addsOnly == false }
    guard !method.addsOnly && place > 0 || cuts else { return }
    throw SVFTError(
      .state,
      "\(projection.name): expected an adapter that cuts W to its first directions (residual "
        + "false) to be the first one on its modules, found another beneath: attach it first")
  }

  private static func refuseConflict(_ method: any AdapterMethod, on projection: Projection)
    throws(SVFTError)
  {
    if projection.attachments.contains(where: { $0.adapter === method }) {
      throw SVFTError(.state, "\(projection.name): the adapter is attached already")
    }
    if projection.weight.standIn != nil {
      throw SVFTError(
        .state,
        "\(projection.name): an attached adapter trains this weight itself; detach that one"
      )
    }
  }

  private static func refuseConflict(_ method: any AdapterMethod, _ standIn: StandIn)
    throws(SVFTError)
  {
    if standIn.slot.standIn != nil {
      throw SVFTError(
        .state, "\(standIn.slot.name): an attached adapter replaces this tensor already")
    }
    // A method's own deltas on a tensor that it also trains would be as ambiguous as another's.
    let adds = standIn.users.contains { !$0.attachments.isEmpty }
    let addsItself = method.projections.contains { $0.weight === standIn.slot }
    guard adds || addsItself else { return }
    throw SVFTError(
      .state, "\(standIn.slot.name): a tensor that is trained itself cannot have an adapter added")
  }
}
