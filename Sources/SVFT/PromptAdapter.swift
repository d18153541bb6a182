// Which adapter acts on one prompt of a batch alone, and what it must be for that: one that is
// there with scale 0, so that it acts on nobody, and that adds a change to weights, because a
// tensor which is replaced is replaced for all.
import SVFTAdapters
import SVFTLayers
import SVFTTensor

/// An adapter for one prompt, and how strongly it acts there.
public struct PromptAdapter: Sendable {
  /// Attached to the model, with scale 0.
  public let adapter: Adapter
  /// The factor on its change; 0 is none.
  public let scale: Float

  /// The adapter as it was trained, or with another strength.
  public init(_ adapter: Adapter, scale: Float = 1) {
    self.adapter = adapter
    self.scale = scale
  }
}

extension Model {
  /// The lane of each of `count` prompts, nil for those without an adapter of their own; the caller
  /// holds the gate.
  ///
  /// Throws `.invalidArgument` for another number of adapters than of prompts and for a scale that
  /// is no number; `.mismatch`, `.state` and `.unsupported` for adapters that cannot act on a
  /// prompt alone.
  func lanes(_ adapters: [PromptAdapter?], prompts count: Int) throws(SVFTError) -> [Lane?] {
    guard adapters.isEmpty || adapters.count == count else {
      throw SVFTError(
        .invalidArgument,
        "adapters: expected one for each of \(count) prompts, or none at all, found "
          + "\(adapters.count)")
    }
    var lanes = [Lane?](repeating: nil, count: count)
    for (index, wanted) in adapters.enumerated() {
      guard let wanted else { continue }
      lanes[index] = try during("the adapter of prompt \(index)") { () throws(SVFTError) in
        try lane(wanted)
      }
    }
    return lanes
  }

  /// The places of prompts in a batch: those of one lane side by side, lanes of one method too, the
  /// others last. Else as they were given.
  func order(_ lanes: [Lane?]) -> [Int] {
    struct Rank { let method: String, place: Int, scale: Float }
    let ranks = lanes.map { lane in
      lane.map { lane in
        Rank(
          method: "\(type(of: lane.adapter))",
          place: adapters.firstIndex { $0.method === lane.adapter } ?? adapters.count,
          scale: lane.scale)
      }
    }
    return lanes.indices.sorted { a, b in
      guard let first = ranks[a] else { return ranks[b] == nil && a < b }
      guard let second = ranks[b] else { return true }
      return (first.method, first.place, first.scale, a)
        < (second.method, second.place, second.scale, b)
    }
  }

  /// Nil for a scale of 0.
  private func lane(_ wanted: PromptAdapter) throws(SVFTError) -> Lane? {
    let adapter = wanted.adapter
    guard wanted.scale.isFinite else {
      throw SVFTError(.invalidArgument, "scale: expected a finite number, found \(wanted.scale)")
    }
    guard adapter.model === self else {
      throw SVFTError(.mismatch, "expected an adapter of this model, found one of another")
    }
    guard adapter.attached.isAttached else {
      throw SVFTError(.state, "expected an attached adapter, found one that was detached")
    }
    guard adapter.scale == 0 else {
      throw SVFTError(
        .state,
        "expected an adapter with scale 0, found one that acts on all prompts with scale "
          + "\(adapter.scale): set that to 0 first")
    }
    try requireAdditive(adapter)
    let lane = Lane(
      adapter.method, scale: wanted.scale, on: adapter.method.projections)
    return wanted.scale == 0 ? nil : lane
  }

  /// Throws where an adapter does not add a change, known already, to weights as the model has
  /// them.
  private func requireAdditive(_ adapter: Adapter) throws(SVFTError) {
    let method = adapter.method
    guard type(of: method).isAdditive, method.standIns.isEmpty else {
      let tensors = method.standIns.map(\.slot.name)
      throw SVFTError(
        .unsupported,
        "expected an adapter that only adds changes, because they alone can differ between prompts,"
          + " found one of method \(type(of: method).name) that replaces "
          + "\(tensors.first ?? "tensors")" + (tensors.count > 1 ? " and others" : ""))
    }
    guard method.addsOnly else {
      throw SVFTError(
        .unsupported,
        "expected an adapter that only adds changes, because they alone can differ between prompts,"
          + " found one that cuts weights to their first directions")
    }
    guard try adapter.attached.awareness() == nil else {
      throw SVFTError(
        .unsupported,
        "expected an adapter whose change is added in full, found a quantisation-aware one, which "
          + "rounds the weights of all prompts")
    }
    guard method.preparation == nil else {
      throw SVFTError(
        .state, "expected an adapter that is ready, found one that has yet to see data: train it")
    }
    for projection in method.projections where projection.weight.standIn != nil {
      throw SVFTError(
        .state,
        "\(projection.name): expected weights as the model has them, found them trained by an "
          + "attached adapter; detach that one")
    }
  }
}
