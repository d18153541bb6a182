// A linear module of a checkpoint: weight, bias, and the adapters on it, in order.
//
//   y = a_k(… a_1(W x)) + b        the bias is added once, last
//
// An adapter may be rounded: what is multiplied with is the checkpoint's matrix with its change, in
// the checkpoint's format. Where it trains, its own path is recorded as the shadow of that product,
// on an input that takes no gradient from it:
//
//   y = Q x      dx = Qᵀ g      parameters: as if g were the gradient of a(W x)
//
// Architectures are written in terms of projections, methods in terms of `SiteAdapter`; neither
// knows the other, and neither knows the element format.
package import SVFTTensor

/// What a projection accepts: something that can record its part of the forward pass.
package protocol SiteAdapter: AnyObject, SendableMetatype {
  /// Records the adapted product without bias.
  ///
  /// Calls `site.base(x)` when and on what it likes.
  func apply(_ site: Site, _ x: Value, _ graph: Graph) throws(SVFTError) -> Value

  /// Records what lies beneath with, on the rows of each of `lanes` alone, the change of its
  /// adapter. All are of this type; a lane is its number among the graph's.
  static func apply(_ lanes: [Int], _ site: Site, _ x: Value, _ graph: Graph) throws(SVFTError)
    -> Value
}

/// The checkpoint's matrix with an adapter's change, rounded.
package protocol RoundedMatrix: AnyObject {
  /// What is multiplied with.
  var weight: Weight { get }
  /// Records what stands above the adapter's own path `path` [T, rows] on the input `x` [T,
  /// columns]; gradients of what rounds come by it too.
  func shadow(_ path: Value, _ x: Value, _ graph: Graph) -> Value
}

/// An adapter on a projection, and how strongly it acts.
package struct Attachment {
  package let adapter: any SiteAdapter
  package let scale: Float
  /// The matrix with the change of this adapter, rounded; nil where the change is added in full.
  ///
  /// Only of the lowest adapter.
  package let rounded: (any RoundedMatrix)?

  package init(
    _ adapter: any SiteAdapter, scale: Float, rounded: (any RoundedMatrix)? = nil
  ) {
    self.adapter = adapter
    self.scale = scale
    self.rounded = rounded
  }
}

/// One linear module, by its canonical name.
package final class Projection: @unchecked Sendable {
  /// The module's Hugging Face name, without ".weight".
  package let name: String
  package let weight: Slot
  package let bias: Slot?
  /// Adapters in order of attachment.
  ///
  /// Changing them means recording the graph again.
  package var attachments: [Attachment] = []

  package init(name: String, weight: Slot, bias: Slot?) {
    self.name = name
    self.weight = weight
    self.bias = bias
  }

  /// Width of the output.
  package var rows: Int { weight.weight.rows }
  /// Width of the input.
  package var columns: Int { weight.weight.columns }
}

/// The place an adapter acts on while a graph is recorded: its projection, its scale, what lies
/// beneath.
package struct Site {
  package let projection: Projection
  package let scale: Float
  private let beneath: ArraySlice<Attachment>
  private let graph: Graph
  /// Whether what is recorded here is a shadow.
  private let isShadow: Bool
  /// What lies beneath, where it is recorded already.
  private let below: Value?

  init(
    _ projection: Projection, _ attachments: ArraySlice<Attachment>, _ graph: Graph,
    isShadow: Bool = false
  ) {
    self.isShadow = isShadow
    self.projection = projection
    self.scale = attachments.last?.scale ?? 1
    self.beneath = attachments.dropLast()
    self.graph = graph
    below = nil
  }

  /// A place above `value`, which all that lies beneath has given. [T, rows]
  init(_ projection: Projection, above value: Value, _ graph: Graph) {
    self.projection = projection
    self.graph = graph
    (scale, beneath, isShadow, below) = (1, [], false, value)
  }

  /// The same place, with `value` as all that lies beneath it.
  package func above(_ value: Value) -> Site { Site(projection, above: value, graph) }

  /// Whether the product beneath is that of the checkpoint's own matrix, and is computed.
  package var isLowest: Bool {
    beneath.isEmpty && below == nil && projection.weight.standIn == nil && !isShadow
  }

  /// The product beneath this adapter, without bias: the frozen weight, or what earlier adapters
  /// made of it.
  package func base(_ x: Value) throws(SVFTError) -> Value {
    if let below { return below }
    return try graph.project(x, projection, beneath)
  }
}

extension Graph {
  /// Records y = W x + b through all adapters, those of lanes above the others. [rows, columns] →
  /// [rows, projection.rows]
  package func project(_ x: Value, _ projection: Projection) throws(SVFTError) -> Value {
    let groups = lanes(on: projection)
    if !groups.isEmpty, case .relative = space {
      throw SVFTError(
        .unsupported,
        "\(projection.name): relative positions pass through this module, and they are the same "
          + "for all texts of a step: expected one adapter for all of them")
    }
    if projection.attachments.isEmpty, groups.isEmpty {
      return try linear(x, projection.weight, bias: projection.bias)
    }
    let beneath = try project(x, projection, projection.attachments[...])
    let y = try addLanes(groups, to: beneath, x, projection)
    guard let bias = projection.bias else { return y }
    return addBias(y, bias)
  }

  fileprivate func project(
    _ x: Value, _ projection: Projection, _ attachments: ArraySlice<Attachment>
  ) throws(SVFTError) -> Value {
    guard let top = attachments.last else { return try linear(x, projection.weight, bias: nil) }
    if let rounded = top.rounded {
      guard training else { return try linear(x, frozen: rounded.weight) }
      let (site, own) = (Site(projection, attachments, self, isShadow: true), detached(x))
      let path = try top.adapter.apply(site, own, self)
      return try linear(x, frozen: rounded.weight, shadow: rounded.shadow(path, own, self))
    }
    return try top.adapter.apply(Site(projection, attachments, self), x, self)
  }
}
