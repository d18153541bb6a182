// Which values are equal, which comes first, and which lies in which, as in Python: truth values
// are numbers, lists are compared element by element, what has no order is an error.
import SVFTTensor

extension TemplateValue {
  /// Whether two values are equal; those of different kinds are not.
  func equals(_ other: TemplateValue) -> Bool {
    switch (self, other) {
    case (.undefined, .undefined), (.none, .none): true
    case (.text(let a), .text(let b)): a == b
    case (.list(let a), .list(let b)):
      a.isTuple == b.isTuple && a.items.count == b.items.count
        && zip(a.items, b.items).allSatisfy { $0.equals($1) }
    case (.dict(let a), .dict(let b)):
      a.count == b.count
        && a.pairs.allSatisfy { key, value in b[key].map { value.equals($0) } ?? false }
    case (.namespace(let a), .namespace(let b)): a == b
    case (.macro(let a), .macro(let b)): a == b
    case (.function(let a), .function(let b)): a == b
    default:
      if let a = whole, let b = other.whole {
        a == b
      } else if let a = real, let b = other.real {
        a == b
      } else {
        false
      }
    }
  }

  /// Whether this comes before the other. Throws `.data` for kinds that have no order.
  func precedes(_ other: TemplateValue) throws(SVFTError) -> Bool {
    switch (self, other) {
    case (.text(let a), .text(let b)):
      return a.lexicographicallyPrecedes(b) { $0.value < $1.value }
    case (.list(let a), .list(let b)) where a.isTuple == b.isTuple:
      for (left, right) in zip(a.items, b.items) where !left.equals(right) {
        return try left.precedes(right)
      }
      return a.items.count < b.items.count
    default:
      if let a = whole, let b = other.whole { return a < b }
      guard let a = real, let b = other.real else {
        throw SVFTError(
          .data, "expected values that have an order, found \(kind) and \(other.kind)")
      }
      return a < b
    }
  }

  /// Whether the other lies in this: an element, a key, a part of a text.
  func contains(_ other: TemplateValue) throws(SVFTError) -> Bool {
    switch self {
    case .undefined: return false
    case .list(let list): return list.items.contains { $0.equals(other) }
    case .dict(let dict): return dict[try TemplateKey(other)] != nil
    case .text(let text):
      guard case .text(let part) = other else {
        throw SVFTError(.data, "expected a string to look for in a string, found \(other.kind)")
      }
      return part.isEmpty || !text.places(of: part, most: 1).isEmpty
    default: throw SVFTError(.data, "expected something to look into, found \(kind)")
    }
  }

  /// The whole number that this is, truth values counted.
  var whole: Int? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .integer(let value): value
    default: nil
    }
  }

  /// The number that this is.
  var real: Double? {
    if case .number(let value) = self { return value }
    return whole.map(Double.init)
  }
}
