// JSON values. Numbers keep what the text said: an integer that fits stays exact, everything else
// is the nearest double. Objects keep the order of their keys (what we write is deterministic) and
// find them by bytes. Parsing, writing and typed access stand in JSON+….swift.

/// One JSON value.
package enum JSON: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  /// An integer above `Int.max`.
  case unsigned(UInt64)
  case number(Double)
  case string(String)
  case array([JSON])
  indirect case object(Object)

  /// The members of one object in order, each key once.
  package struct Object: Sendable {
    private var index = NameIndex()
    package private(set) var values: [JSON] = []
    /// Where this object stands in its text ("model.vocab"), for messages; empty at the root.
    package internal(set) var path = ""

    /// The empty object.
    package init() {}

    /// An object of these members; of a repeated key the last value counts.
    package init(_ members: [(key: String, value: JSON)]) {
      for (key, value) in members { self[key] = value }
    }

    /// The keys in order.
    package var keys: [String] { index.names }
    /// How many members there are.
    package var count: Int { values.count }
    /// The members in order.
    package var members: Zip2Sequence<[String], [JSON]> { zip(index.names, values) }

    /// The value of a key.
    ///
    /// Setting a new key puts it at the end; a member set to nil becomes null.
    package subscript(key: String) -> JSON? {
      get { index.position(of: key).map { values[$0] } }
      set {
        if let place = index.position(of: key) {
          values[place] = newValue ?? .null
        } else {
          append(key, newValue ?? .null)
        }
      }
    }

    /// Adds a member at the end; false (and nothing added) where the key is there already.
    @discardableResult
    package mutating func append(_ key: String, _ value: JSON) -> Bool {
      guard index.add(key) else { return false }
      values.append(value)
      return true
    }
  }

  /// What kind of value it is, with its article, for messages.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a truth value"
    case .integer, .unsigned: "an integer"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

extension JSON.Object: Equatable {
  /// Whether two objects have equal members in the same order; where they stood does not matter.
  package static func == (a: Self, b: Self) -> Bool {
    a.values == b.values && a.keys.elementsEqual(b.keys, by: NameIndex.same)
  }
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  package init(nilLiteral: ()) { self = .null }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(integerLiteral value: Int) { self = .integer(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(stringLiteral value: String) { self = .string(value) }
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(Object(elements.map { (key: $0.0, value: $0.1) }))
  }
}
