// Adapters of some rows of a step alone, on top of what acts on all of them:
//
//   y[t] = W x[t] + … + s·ΔW_lane(t) x[t]        rows without a lane: nothing is added
//
// A lane is such an adapter with its scale. A graph is recorded with the lanes that may occur;
// which rows are whose is the batch's affair (Batch.swift). W is read once for all rows, and a lane
// costs its own rows: ops recorded within lanes compute the rows of these alone.
package import SVFTTensor

/// An adapter for some rows, and how strongly it acts on them.
package struct Lane {
  package let adapter: any SiteAdapter
  package let scale: Float
  private let projections: Set<ObjectIdentifier>

  /// `projections` are those the adapter acts on.
  package init(_ adapter: any SiteAdapter, scale: Float, on projections: [Projection]) {
    self.adapter = adapter
    self.scale = scale
    self.projections = Set(projections.map { ObjectIdentifier($0) })
  }

  func acts(on projection: Projection) -> Bool {
    projections.contains(ObjectIdentifier(projection))
  }
}

/// Lanes are the same where their adapter and its scale are.
extension Lane: Hashable {
  package static func == (a: Lane, b: Lane) -> Bool {
    a.adapter === b.adapter && a.scale == b.scale
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(ObjectIdentifier(adapter))
    hasher.combine(scale)
  }
}

/// Rows of a step that lie side by side and are of one lane.
package struct LaneWindow: Sendable, Hashable {
  /// Which of the graph's lanes.
  package let lane: Int
  package let rows: Range<Int>
}

/// Some lanes of a graph; ops recorded within it compute their rows and no others.
package struct LaneScope {
  private let isInside: [Bool]

  /// Lanes by their number, of `count`.
  init(_ lanes: [Int], of count: Int) {
    var isInside = [Bool](repeating: false, count: count)
    for lane in lanes where isInside.indices.contains(lane) { isInside[lane] = true }
    self.isInside = isInside
  }

  /// Whether a row of this lane is inside; -1 is no lane.
  package func contains(_ lane: Int32) -> Bool {
    let lane = Int(lane)
    return isInside.indices.contains(lane) && isInside[lane]
  }

  /// From the first row inside to the last; rows of others may lie between.
  package func cover(_ batch: Batch) -> Range<Int> {
    var (first, last) = (Int.max, 0)
    for window in batch.windows where contains(Int32(truncatingIfNeeded: window.lane)) {
      first = min(first, window.rows.lowerBound)
      last = max(last, window.rows.upperBound)
    }
    return first < last ? first..<last : 0..<0
  }
}

extension Run {
  /// The rows that an op recorded within `scope` computes; all where there is none.
  package func rows(of scope: LaneScope?) -> Range<Int> { scope?.cover(batch) ?? 0..<rows }
}

extension SiteAdapter {
  /// `.unsupported`: most can only act on all rows.
  package static func apply(_ lanes: [Int], _ site: Site, _ x: Value, _ graph: Graph)
    throws(SVFTError) -> Value
  {
    throw SVFTError(
      .unsupported,
      "\(site.projection.name): expected an adapter that can act on some rows alone, found "
        + "\(Self.self)"
    )
  }
}

extension Graph {
  /// The lanes that act on a projection, by the kind of their adapters.
  func lanes(on projection: Projection) -> [[Int]] {
    var groups: [(kind: ObjectIdentifier, lanes: [Int])] = []
    for (index, lane) in lanes.enumerated() where lane.acts(on: projection) {
      let kind = ObjectIdentifier(type(of: lane.adapter))
      if let place = groups.firstIndex(where: { $0.kind == kind }) {
        groups[place].lanes.append(index)
      } else {
        groups.append((kind, [index]))
      }
    }
    return groups.map(\.lanes)
  }

  /// Records on `y`, what a projection gives for all rows, what lanes add to it.
  func addLanes(
    _ groups: [[Int]], to y: Value, _ x: Value, _ projection: Projection
  ) throws(SVFTError) -> Value {
    var y = y
    for group in groups {
      guard let first = group.first else { continue }
      let method = type(of: lanes[first].adapter)
      let place = Site(projection, above: y, self)
      y = try within(group) { () throws(SVFTError) in try method.apply(group, place, x, self) }
    }
    return y
  }
}
