// Attributes, items and calls. `a.b` is a method before it is a key, `a["b"]` a key before it is a
// method; what is not there is undefined, and of the undefined nothing can be asked.
import SVFTTensor

/// A call with the values of its arguments.
struct TemplateCall {
  let name: String
  var positional: [TemplateValue] = []
  var named: [(name: String, value: TemplateValue)] = []

  /// The argument at a place or of a name, or nil.
  func value(_ place: Int, _ key: String) -> TemplateValue? {
    place < positional.count ? positional[place] : named.last { $0.name == key }?.value
  }

  /// The argument as a whole number.
  func int(_ place: Int, _ key: String, default other: Int) throws(SVFTError) -> Int {
    guard let value = value(place, key) else { return other }
    guard let whole = value.whole else { throw wrong(key, "a whole number", value) }
    return whole
  }

  /// The argument as a truth value.
  func flag(_ place: Int, _ key: String, default other: Bool) -> Bool {
    value(place, key)?.isTrue ?? other
  }

  /// The argument as a text, nil where it is missing or none.
  func text(_ place: Int, _ key: String) throws(SVFTError) -> TemplateText? {
    switch value(place, key) {
    case nil, TemplateValue.none?: return nil
    case .text(let text)?: return text
    case let value?: throw wrong(key, "a string", value)
    }
  }

  /// The argument as a text that must be there.
  func required(_ place: Int, _ key: String) throws(SVFTError) -> TemplateText {
    guard let text = try text(place, key) else {
      throw SVFTError(.data, "\(name): expected “\(key)”, found nothing")
    }
    return text
  }

  private func wrong(_ key: String, _ expected: String, _ found: TemplateValue) -> SVFTError {
    SVFTError(.data, "\(name): expected \(expected) as “\(key)”, found \(found.kind)")
  }
}

extension TemplateValue {
  /// `self.name`.
  func attribute(_ name: String, in run: TemplateRun) throws(SVFTError) -> TemplateValue {
    switch self {
    case .undefined: throw SVFTError(.data, "expected a value with “\(name)”, found \(kind)")
    case .dict(let dict):
      if TemplateRun.dictMethods.contains(name) { return .function("dict.\(name)") }
      return dict[name] ?? .undefined(name)
    case .text:
      return TemplateRun.textMethods[name] == nil ? .undefined(name) : .function("str.\(name)")
    case .list(let list):
      if let place = list.names.firstIndex(of: name) { return list.items[place] }
      return TemplateRun.listMethods.contains(name) ? .function("list.\(name)") : .undefined(name)
    case .loop(let loop): return loop.member(name) ?? .undefined("loop.\(name)")
    case .namespace(let number): return run.namespaces[number][name] ?? .undefined(name)
    default: return .undefined(name)
    }
  }

  /// `self[key]`.
  func item(_ key: TemplateValue, in run: TemplateRun) throws(SVFTError) -> TemplateValue {
    switch (self, key) {
    case (.undefined, _): throw SVFTError(.data, "expected a value with items, found \(kind)")
    case (.dict(let dict), _):
      if let key = try? TemplateKey(key), let value = dict[key] { return value }
    case (.list(let list), _):
      if let place = Self.place(key, list.items.count) { return list.items[place] }
    case (.text(let text), _):
      if let place = Self.place(key, text.count) { return .text([text[place]]) }
    default: break
    }
    guard case .text(let name) = key else { return .undefined("an item") }
    return try attribute(name.string, in: run)
  }

  private static func place(_ key: TemplateValue, _ count: Int) -> Int? {
    guard let whole = key.whole, whole >= -count, whole < count else { return nil }
    return whole < 0 ? whole + count : whole
  }

  /// The value at a path such as "function.name" or "0.role".
  func reach(_ path: String, in run: TemplateRun) throws(SVFTError) -> TemplateValue {
    var value = self
    for part in path.split(separator: ".") {
      let key = Int(part).map(TemplateValue.integer) ?? .spelled(String(part))
      value = try value.item(key, in: run)
    }
    return value
  }
}

extension TemplateRun {
  static let dictMethods: Set<String> = [
    "items", "keys", "values", "get", "copy", "pop", "update", "setdefault", "clear", "popitem",
  ]

  /// The value of a call.
  mutating func call(
    _ callee: TemplateExpression, _ arguments: TemplateArguments
  ) throws(SVFTError) -> TemplateValue {
    if case .attribute(let base, let name) = callee {
      let base = try evaluate(base)
      let member = try base.attribute(name, in: self)
      let call = try evaluated(name, arguments)
      return try self.call(member, on: base, call)
    }
    let function = try evaluate(callee)
    var name = "the call"
    if case .name(let spelled) = callee { name = spelled }
    return try call(function, on: .none, try evaluated(name, arguments))
  }

  private mutating func call(
    _ function: TemplateValue, on base: TemplateValue, _ call: TemplateCall
  ) throws(SVFTError) -> TemplateValue {
    try spend(base.extent)
    switch (function, base) {
    case (.macro(let number), _): return try self.call(macro: number, call)
    case (.function, .dict(let dict)): return try Self.method(of: dict, call)
    case (.function, .text(let text)): return try method(of: text, call)
    case (.function, .list(let list)): return try method(of: list, call)
    case (.function, .loop(let loop)):
      guard !call.positional.isEmpty else { return .undefined("loop.cycle") }
      return call.positional[loop.index % call.positional.count]
    case (.function(let name), _): return try self.call(function: name, call)
    case (.undefined, .list):
      throw SVFTError(
        .data, "\(call.name): expected a method of lists that leaves them unchanged, found none")
    case (.undefined, .none):
      throw SVFTError(.data, "expected a function, found \(function.kind)")
    default:
      throw SVFTError(.data, "\(call.name): expected something to call, found \(function.kind)")
    }
  }

  fileprivate static let listMethods: Set<String> = ["index", "count", "copy"]

  private mutating func method(
    of list: TemplateList, _ call: TemplateCall
  ) throws(SVFTError) -> TemplateValue {
    if call.name == "copy" { return .list(list) }
    guard let value = call.positional.first else {
      throw SVFTError(.data, "\(call.name): expected a value to look for, found nothing")
    }
    let places = list.items.indices.filter { list.items[$0].equals(value) }
    if call.name == "count" { return .integer(places.count) }
    guard let place = places.first else {
      throw SVFTError(.data, "index: expected the value in the list, found none like it")
    }
    return .integer(place)
  }

  private static func method(
    of dict: TemplateDict, _ call: TemplateCall
  ) throws(SVFTError) -> TemplateValue {
    switch call.name {
    case "items":
      var items: [TemplateValue] = []
      for (key, value) in dict.pairs { items.append(try .tuple(of: [key.value, value])) }
      return try .list(of: items)
    case "keys": return try .list(of: dict.keys.map(\.value))
    case "values": return try .list(of: dict.values)
    case "copy": return .dict(dict)
    case "get":
      guard let key = call.positional.first else {
        throw SVFTError(.data, "get: expected a key, found nothing")
      }
      return dict[try TemplateKey(key)] ?? call.value(1, "default") ?? .none
    default: throw SVFTError(.data, "\(call.name): expected no change to a mapping")
    }
  }
}
