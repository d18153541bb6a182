// SVFT on some rows alone, with M of each row's own lane:
//
//   y[t] += U·s_l·c_l·M_l(Vᵀ x[t])        l the lane of row t
//
// Adapters of one model share U and V, so that lanes differ between the two products only: V and U
// are read once for all rows that have a lane, and an adapter more costs its cells.
package import SVFTLayers
package import SVFTTensor

extension SingularVectorMethod {
  package static func apply(
    _ lanes: [Int], _ place: Site, _ x: Value, _ graph: Graph
  ) throws(SVFTError) -> Value {
    var groups: [(site: SingularSite, mixes: [LaneMix.Part])] = []
    for lane in lanes {
      guard let method = graph.lanes[lane].adapter as? SingularVectorMethod else { continue }
      let site = try method.site(place.projection)
      guard let coefficients = site.coefficients else { continue }
      let part = LaneMix.Part(
        lane: lane, coefficients: coefficients, scale: graph.lanes[lane].scale)
      if let index = groups.firstIndex(where: { $0.site.vectors.isSame(as: site.vectors) }) {
        groups[index].mixes.append(part)
      } else {
        groups.append((site, [part]))
      }
    }
    var y = try place.base(x)
    for (site, mixes) in groups {
      y = try graph.within(mixes.map(\.lane)) { () throws(SVFTError) in
        try site.add(place.above(y), x, graph) { (z) throws(SVFTError) in
          let mixed = graph.value(width: z.width)
          graph.record(LaneMix(z, mixed, mixes, of: graph.lanes.count))
          return mixed
        }
      }
    }
    return y
  }
}
