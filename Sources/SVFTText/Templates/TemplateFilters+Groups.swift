// Filters that divide lists.
import SVFTTensor

extension TemplateFilters {
  static let groups: [String: Filter] = [
    "groupby": { run, value, call throws(SVFTError) in try grouped(&run, value, call) },
    "batch": { run, value, call throws(SVFTError) in
      let count = try positive(call, "linecount")
      var items = try value.elements()
      let missing = (count - items.count % count) % count
      if let fill = filling(call), !items.isEmpty {
        try run.spend(missing)
        items += Array(repeating: fill, count: missing)
      }
      var rows: [TemplateValue] = []
      for start in stride(from: 0, to: items.count, by: count) {
        rows.append(try .list(of: Array(items[start...].prefix(count))))
      }
      return try .list(of: rows)
    },
    "slice": { run, value, call throws(SVFTError) in
      let count = try positive(call, "slices")
      let items = try value.elements()
      try run.spend(count)
      let (share, longer) = items.count.quotientAndRemainder(dividingBy: count)
      var columns: [TemplateValue] = []
      var place = 0
      for column in 0..<count {
        let size = share + (column < longer ? 1 : 0)
        var part = Array(items[place..<place + size])
        place += size
        if let fill = filling(call), column >= longer { part.append(fill) }
        columns.append(try .list(of: part))
      }
      return try .list(of: columns)
    },
  ]

  private static func positive(
    _ call: TemplateCall, _ name: String
  ) throws(SVFTError) -> Int {
    let count = try call.int(0, name, default: 0)
    guard count > 0 else {
      throw SVFTError(.data, "\(call.name): expected “\(name)” above 0, found \(count)")
    }
    return count
  }

  private static func filling(_ call: TemplateCall) -> TemplateValue? {
    guard let fill = call.value(1, "fill_with") else { return nil }
    if case .none = fill { return nil }
    return fill
  }

  /// Pairs (grouper, list), by rising attribute.
  private static func grouped(
    _ run: inout TemplateRun, _ value: TemplateValue, _ call: TemplateCall
  ) throws(SVFTError) -> TemplateValue {
    let path = call.value(0, "attribute")?.printed.string ?? ""
    let isSensitive = call.flag(2, "case_sensitive", default: false)
    var found: [TemplateValue] = []
    for item in try value.elements() {
      var key = try item.reach(path, in: run)
      if key.isUndefined, let other = call.value(1, "default") { key = other }
      found.append(try .tuple(of: [key, item]))
    }
    var groups: [(key: TemplateValue, grouper: TemplateValue, items: [TemplateValue])] = []
    for (key, pair) in try ordered(&run, found, "0", isSensitive) {
      let parts = try pair.elements()
      if let last = groups.last, last.key.equals(key) {
        groups[groups.count - 1].items.append(parts[1])
      } else {
        groups.append((key, parts[0], [parts[1]]))
      }
    }
    var pairs: [TemplateValue] = []
    for group in groups {
      let items = [group.grouper, try .list(of: group.items)]
      pairs.append(.list(try TemplateList(items, isTuple: true, names: ["grouper", "list"])))
    }
    return try .list(of: pairs)
  }
}
