// Filters on lists and mappings.
import SVFTTensor

extension TemplateFilters {
  static let lists: [String: Filter] = [
    "length": { _, value, _ throws(SVFTError) in .integer(try value.length()) },
    "count": { _, value, _ throws(SVFTError) in .integer(try value.length()) },
    "first": { _, value, _ throws(SVFTError) in
      try value.elements().first ?? .undefined("the first of nothing")
    },
    "last": { _, value, _ throws(SVFTError) in
      try value.elements().last ?? .undefined("the last of nothing")
    },
    "list": { _, value, _ throws(SVFTError) in try .list(of: value.elements()) },
    "items": { _, value, _ throws(SVFTError) in try items(value) },
    "dictsort": { run, value, call throws(SVFTError) in try sortedItems(&run, value, call) },
    "map": { run, value, call throws(SVFTError) in try mapped(&run, value, call) },
    "select": { run, value, call throws(SVFTError) in
      try selected(&run, value, call, byAttribute: false, keeps: true)
    },
    "reject": { run, value, call throws(SVFTError) in
      try selected(&run, value, call, byAttribute: false, keeps: false)
    },
    "selectattr": { run, value, call throws(SVFTError) in
      try selected(&run, value, call, byAttribute: true, keeps: true)
    },
    "rejectattr": { run, value, call throws(SVFTError) in
      try selected(&run, value, call, byAttribute: true, keeps: false)
    },
    "reverse": { _, value, _ throws(SVFTError) in
      if case .text(let text) = value { return .text(text.reversed()) }
      return try .list(of: value.elements().reversed())
    },
    "sort": { run, value, call throws(SVFTError) in
      let items = try ordered(
        &run, value.elements(), path(call, 2), call.flag(1, "case_sensitive", default: false))
      return try .list(
        of: call.flag(0, "reverse", default: false) ? backwards(items) : items.map(\.item))
    },
    "min": { run, value, call throws(SVFTError) in
      let items = try ordered(
        &run, value.elements(), path(call, 1), call.flag(0, "case_sensitive", default: false))
      return items.first?.item ?? .undefined("the least of nothing")
    },
    "max": { run, value, call throws(SVFTError) in
      let items = try ordered(
        &run, value.elements(), path(call, 1), call.flag(0, "case_sensitive", default: false))
      return try backwards(items).first ?? .undefined("the greatest of nothing")
    },
    "unique": { run, value, call throws(SVFTError) in
      var (kept, seen): ([TemplateValue], [TemplateValue]) = ([], [])
      for item in try value.elements() {
        let key = try sortKey(
          run, item, path(call, 1), call.flag(0, "case_sensitive", default: false))
        try run.spend(seen.count, times: key.size)
        if seen.contains(where: { $0.equals(key) }) { continue }
        seen.append(key)
        kept.append(item)
      }
      return try .list(of: kept)
    },
    "sum": { run, value, call throws(SVFTError) in
      var sum = call.value(1, "start") ?? .integer(0)
      if case .text = sum {
        throw SVFTError(.data, "sum: expected no string to start with: use join")
      }
      for item in try value.elements() {
        let item =
          try path(call, 0).map { (path) throws(SVFTError) in try item.reach(path, in: run) }
          ?? item
        sum = try run.combined(.add, sum, item)
      }
      return sum
    },
    "attr": { run, value, call throws(SVFTError) in
      try value.attribute(call.required(0, "name").string, in: run)
    },
  ]

  static func joined(
    _ run: inout TemplateRun, _ value: TemplateValue, _ separator: TemplateText
  ) throws(SVFTError) -> TemplateValue {
    var output: TemplateText = []
    for (index, item) in try value.elements().enumerated() {
      let text = item.printed
      try run.spend(text.count + separator.count)
      if index > 0 { output += separator }
      output += text
    }
    return .text(output)
  }

  private static func items(_ value: TemplateValue) throws(SVFTError) -> TemplateValue {
    var pairs: [TemplateValue] = []
    switch value {
    case .undefined: break
    case .dict(let dict):
      for (key, item) in dict.pairs { pairs.append(try .tuple(of: [key.value, item])) }
    default: throw SVFTError(.data, "items: expected a mapping, found \(value.kind)")
    }
    return try .list(of: pairs)
  }

  private static func sortedItems(
    _ run: inout TemplateRun, _ value: TemplateValue, _ call: TemplateCall
  ) throws(SVFTError) -> TemplateValue {
    let by = try call.text(1, "by")?.string == "value" ? "1" : "0"
    let pairs = try items(value).elements()
    let isSensitive = call.flag(0, "case_sensitive", default: false)
    let sorted = try ordered(&run, pairs, by, isSensitive)
    return try .list(
      of: call.flag(2, "reverse", default: false) ? backwards(sorted) : sorted.map(\.item))
  }

  static func path(_ call: TemplateCall, _ place: Int) throws(SVFTError) -> String? {
    guard let value = call.value(place, "attribute") else { return nil }
    if case .none = value { return nil }
    return value.printed.string
  }

  /// What an item is ordered by: its attribute, in small letters where case means nothing.
  static func sortKey(
    _ run: TemplateRun, _ item: TemplateValue, _ path: String?, _ isSensitive: Bool
  ) throws(SVFTError) -> TemplateValue {
    var key = item
    if let path { key = try item.reach(path, in: run) }
    if !isSensitive, case .text(let text) = key { return .text(text.lower) }
    return key
  }

  typealias Keyed = (key: TemplateValue, item: TemplateValue)

  /// Items in rising order of their keys; equal ones keep theirs. A merge sort, because the order
  /// of foreign values may fail.
  static func ordered(
    _ run: inout TemplateRun, _ items: [TemplateValue], _ path: String?, _ isSensitive: Bool
  ) throws(SVFTError) -> [Keyed] {
    var runs: [[Keyed]] = []
    for item in items { runs.append([(try sortKey(run, item, path, isSensitive), item)]) }
    while runs.count > 1 {
      var merged: [[Keyed]] = []
      for start in stride(from: 0, to: runs.count, by: 2) {
        guard start + 1 < runs.count else {
          merged.append(runs[start])
          continue
        }
        try run.spend(runs[start].count + runs[start + 1].count)
        merged.append(try merge(runs[start], runs[start + 1]))
      }
      runs = merged
    }
    return runs.first ?? []
  }

  private static func merge(_ a: [Keyed], _ b: [Keyed]) throws(SVFTError) -> [Keyed] {
    var result: [Keyed] = []
    var (left, right) = (0, 0)
    while left < a.count, right < b.count {
      if try b[right].key.precedes(a[left].key) {
        result.append(b[right])
        right += 1
      } else {
        result.append(a[left])
        left += 1
      }
    }
    return result + a[left...] + b[right...]
  }

  /// Falling order, in which equal keys keep their order too.
  private static func backwards(_ items: [Keyed]) throws(SVFTError) -> [TemplateValue] {
    var result: [TemplateValue] = []
    var end = items.count
    while end > 0 {
      var start = end - 1
      while start > 0, try !items[start - 1].key.precedes(items[start].key) { start -= 1 }
      result += items[start..<end].map(\.item)
      end = start
    }
    return result
  }

  private static func mapped(
    _ run: inout TemplateRun, _ value: TemplateValue, _ call: TemplateCall
  ) throws(SVFTError) -> TemplateValue {
    let items = try value.elements()
    var results: [TemplateValue] = []
    if call.positional.isEmpty, let path = try path(call, 0) {
      let other = call.named.first { $0.name == "default" }?.value
      for item in items {
        let found = try item.reach(path, in: run)
        results.append(found.isUndefined ? other ?? found : found)
      }
      return try .list(of: results)
    }
    let name = try call.required(0, "name of a filter").string
    var inner = TemplateCall(name: name, positional: Array(call.positional.dropFirst()))
    inner.named = call.named
    for item in items { results.append(try run.filter(name, item, inner)) }
    return try .list(of: results)
  }

  private static func selected(
    _ run: inout TemplateRun, _ value: TemplateValue, _ call: TemplateCall, byAttribute: Bool,
    keeps: Bool
  ) throws(SVFTError) -> TemplateValue {
    var rest = call.positional[...]
    let path = byAttribute ? try call.required(0, "attribute").string : ""
    if byAttribute { rest = rest.dropFirst() }
    let name = rest.first?.printed.string
    let inner = TemplateCall(name: name ?? "", positional: Array(rest.dropFirst()))
    var kept: [TemplateValue] = []
    for item in try value.elements() {
      let subject = byAttribute ? try item.reach(path, in: run) : item
      let holds = try name.map { (name) throws(SVFTError) in try run.check(name, subject, inner) }
      if (holds ?? subject.isTrue) == keeps { kept.append(item) }
    }
    return try .list(of: kept)
  }
}

extension TemplateRun {
  /// The value of a filter. Throws `.unsupported` for one that is not known.
  mutating func filter(
    _ name: String, _ value: TemplateValue, _ call: TemplateCall
  ) throws(SVFTError) -> TemplateValue {
    guard let filter = TemplateFilters.all[name] else {
      throw SVFTError(.unsupported, "the filter “\(name)” is not known")
    }
    try spend(value.extent)
    let result = try filter(&self, value, call)
    try spend(result.extent)
    return result
  }

  /// Whether a test holds. Throws `.unsupported` for one that is not known.
  mutating func check(
    _ name: String, _ value: TemplateValue, _ call: TemplateCall
  ) throws(SVFTError) -> Bool {
    guard let check = TemplateChecks.all[name] else {
      throw SVFTError(.unsupported, "the test “\(name)” is not known")
    }
    try spend(value.extent)
    return try check(value, call)
  }
}
