// The values of the template language, after Python: None, truth values, whole numbers of 63 bits,
// doubles, texts, lists and tuples, mappings that keep their order – and what only programs have:
// namespaces, macros, functions.
//
// Values are values: nothing can be changed behind another's back, and what is shared (namespaces,
// macros) is named by its number in the run, so that no circle of references can form. Depth is
// limited where a value is put together.
import SVFTFormats
import SVFTTensor

/// One value.
enum TemplateValue: Sendable {
  /// What nobody defined, with its name for messages.
  case undefined(String)
  case none
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case text(TemplateText)
  case list(TemplateList)
  case dict(TemplateDict)
  case loop(TemplateLoop)
  /// A namespace, by its number in the run.
  case namespace(Int)
  /// A macro, by its number in the run.
  case macro(Int)
  /// A function or method of the language, by its name.
  case function(String)

  /// How deep values may nest: foreign JSON may 64 deep, templates put lists around it.
  static let deepest = 96

  /// A text that the program itself spells.
  static func spelled(_ text: String) -> TemplateValue { .text(TemplateText(text)) }

  /// A list. Throws `.limit` for one that nests too deep.
  static func list(of items: [TemplateValue]) throws(SVFTError) -> TemplateValue {
    .list(try TemplateList(items))
  }

  /// A tuple. Throws `.limit` for one that nests too deep.
  static func tuple(of items: [TemplateValue]) throws(SVFTError) -> TemplateValue {
    .list(try TemplateList(items, isTuple: true))
  }

  /// A JSON value whose texts all have one origin.
  init(_ json: JSON, origin: Int) throws(SVFTError) {
    switch json {
    case .null: self = .none
    case .bool(let value): self = .bool(value)
    case .integer(let value): self = .integer(value)
    case .unsigned(let value): self = .number(Double(value))
    case .number(let value): self = .number(value)
    case .string(let value): self = .text(TemplateText(value, origin: origin))
    case .array(let elements):
      var items: [TemplateValue] = []
      for element in elements { items.append(try TemplateValue(element, origin: origin)) }
      self = try .list(of: items)
    case .object(let object):
      var dict = TemplateDict()
      for (key, value) in object.members {
        let key = TemplateKey.text(TemplateText(key, origin: origin))
        try dict.set(key, TemplateValue(value, origin: origin))
      }
      self = .dict(dict)
    }
  }

  /// How many levels of values lie in this one.
  var depth: Int {
    switch self {
    case .list(let list): list.depth
    case .dict(let dict): dict.depth
    case .loop(let loop): loop.items.depth + 1
    default: 0
    }
  }

  /// Characters and elements at most: a value may have a part many times, and printing it, writing
  /// it as JSON or comparing it goes through all of them.
  static let largest = 1 << 25

  /// Characters and elements in it, on all levels.
  var size: Int {
    switch self {
    case .text(let text): text.count + 1
    case .list(let list): list.size
    case .dict(let dict): dict.size
    default: 1
    }
  }

  /// Elements in it, on all levels, itself counted.
  var nodes: Int {
    switch self {
    case .list(let list): list.nodes
    case .dict(let dict): dict.nodes
    default: 1
    }
  }

  /// What Python calls its type, for messages.
  var kind: String {
    switch self {
    case .undefined(let name): name.isEmpty ? "an undefined value" : "“\(name)”, which is undefined"
    case .none: "none"
    case .bool: "a truth value"
    case .integer: "a whole number"
    case .number: "a number"
    case .text: "a string"
    case .list(let list): list.isTuple ? "a tuple" : "a list"
    case .dict: "a mapping"
    case .loop: "the loop"
    case .namespace: "a namespace"
    case .macro: "a macro"
    case .function: "a function"
    }
  }

  /// Whether it counts as true: all but none, false, zeros, the empty and the undefined.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .integer(let value): value != 0
    case .number(let value): value != 0
    case .text(let value): !value.isEmpty
    case .list(let list): !list.items.isEmpty
    case .dict(let dict): dict.count > 0
    case .loop, .namespace, .macro, .function: true
    }
  }

  var isUndefined: Bool { if case .undefined = self { true } else { false } }

  /// The elements that a loop goes over. Throws `.data` for what has none.
  func elements() throws(SVFTError) -> [TemplateValue] {
    switch self {
    case .undefined: return []
    case .list(let list): return list.items
    case .dict(let dict): return dict.keys.map(\.value)
    case .text(let text): return text.map { .text([$0]) }
    default: throw SVFTError(.data, "expected something to go through, found \(kind)")
    }
  }

  /// The length. Throws `.data` for what has none.
  func length() throws(SVFTError) -> Int {
    switch self {
    case .undefined: return 0
    case .list(let list): return list.items.count
    case .dict(let dict): return dict.count
    case .text(let text): return text.count
    default: throw SVFTError(.data, "expected something with a length, found \(kind)")
    }
  }
}

/// A list or a tuple.
struct TemplateList: Sendable {
  let items: [TemplateValue]
  let isTuple: Bool
  /// Names of the elements, of those tuples that have them.
  let names: [String]
  /// Levels of values, this one counted.
  let depth: Int
  /// Characters and elements, on all levels.
  let size: Int
  /// Elements on all levels.
  let nodes: Int

  init(
    _ items: [TemplateValue], isTuple: Bool = false, names: [String] = []
  ) throws(SVFTError) {
    self.items = items
    self.names = names
    self.isTuple = isTuple
    depth = 1 + (items.lazy.map(\.depth).max() ?? 0)
    size = items.reduce(1) { min($0 + $1.size, TemplateValue.largest + 1) }
    nodes = items.reduce(1) { min($0 + $1.nodes, TemplateValue.largest + 1) }
    guard depth <= TemplateValue.deepest else { throw TemplateDict.tooDeep }
    guard size <= TemplateValue.largest else { throw TemplateDict.tooLarge }
  }
}

/// A key of a mapping.
enum TemplateKey: Hashable, Sendable {
  case none
  case integer(Int)
  case text(TemplateText)

  /// Throws `.data` for a value that is no key.
  init(_ value: TemplateValue) throws(SVFTError) {
    switch value {
    case .none: self = .none
    case .bool(let flag): self = .integer(flag ? 1 : 0)
    case .integer(let number): self = .integer(number)
    case .text(let text): self = .text(text)
    default: throw SVFTError(.data, "expected a key of a mapping, found \(value.kind)")
    }
  }

  var value: TemplateValue {
    switch self {
    case .none: .none
    case .integer(let number): .integer(number)
    case .text(let text): .text(text)
    }
  }
}

/// A mapping that keeps its order.
struct TemplateDict: Sendable {
  private(set) var keys: [TemplateKey] = []
  private(set) var values: [TemplateValue] = []
  private(set) var depth = 1
  /// Characters and elements, on all levels; what was set over counts too.
  private(set) var size = 1
  /// Elements on all levels.
  private(set) var nodes = 1
  private var places: [TemplateKey: Int] = [:]

  static var tooDeep: SVFTError {
    SVFTError(.limit, "expected values nested at most \(TemplateValue.deepest) deep, found more")
  }

  static var tooLarge: SVFTError {
    SVFTError(
      .limit,
      "expected values of at most \(TemplateValue.largest) characters and elements, found more")
  }

  var count: Int { keys.count }
  var pairs: Zip2Sequence<[TemplateKey], [TemplateValue]> { zip(keys, values) }

  subscript(key: TemplateKey) -> TemplateValue? { places[key].map { values[$0] } }
  subscript(key: String) -> TemplateValue? { self[.text(TemplateText(key))] }

  /// Sets the value of a key; a new one comes last. Throws `.limit` where values nest too deep.
  mutating func set(_ key: TemplateKey, _ value: TemplateValue) throws(SVFTError) {
    depth = max(depth, 1 + value.depth)
    guard depth <= TemplateValue.deepest else { throw Self.tooDeep }
    size = min(size + key.value.size + value.size, TemplateValue.largest + 1)
    nodes = min(nodes + 1 + value.nodes, TemplateValue.largest + 1)
    guard size <= TemplateValue.largest else { throw Self.tooLarge }
    if let place = places[key] {
      values[place] = value
    } else {
      places[key] = keys.count
      keys.append(key)
      values.append(value)
    }
  }
}

/// What `loop` is inside a loop.
struct TemplateLoop: Sendable {
  let items: TemplateList
  let index: Int

  /// A variable of the loop, or nil.
  func member(_ name: String) -> TemplateValue? {
    let last = items.items.count - 1
    switch name {
    case "index": return .integer(index + 1)
    case "index0": return .integer(index)
    case "revindex": return .integer(last - index + 1)
    case "revindex0": return .integer(last - index)
    case "first": return .bool(index == 0)
    case "last": return .bool(index == last)
    case "length": return .integer(last + 1)
    // Only recursive loops have others.
    case "depth": return .integer(1)
    case "depth0": return .integer(0)
    case "previtem": return index > 0 ? items.items[index - 1] : .undefined("loop.previtem")
    case "nextitem": return index < last ? items.items[index + 1] : .undefined("loop.nextitem")
    case "cycle": return .function("loop.cycle")
    default: return nil
    }
  }
}
