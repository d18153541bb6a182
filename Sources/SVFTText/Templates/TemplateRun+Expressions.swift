// Expressions: operators as Python's, with overflow and division by zero as errors.
import SVFTTensor

extension TemplateRun {
  /// The value of an expression.
  mutating func evaluate(_ expression: TemplateExpression) throws(SVFTError) -> TemplateValue {
    try spend()
    return try nested { (run) throws(SVFTError) in try run.value(of: expression) }
  }

  private mutating func value(of expression: TemplateExpression) throws(SVFTError) -> TemplateValue
  {
    switch expression {
    case .constant(let value): return value
    case .name(let name): return resolve(name)
    case .list(let items, let isTuple):
      return .list(try TemplateList(try values(items), isTuple: isTuple))
    case .dict(let members): return try dict(members)
    case .attribute(let base, let name): return try evaluate(base).attribute(name, in: self)
    case .item(let base, let key):
      let base = try evaluate(base)
      return try base.item(try evaluate(key), in: self)
    case .slice(let base, let bounds): return try slice(base, bounds)
    case .call(let callee, let arguments): return try call(callee, arguments)
    case .filter(let base, let name, let arguments):
      let base = try evaluate(base)
      return try filter(name, base, try evaluated(name, arguments))
    case .check(let base, let name, let arguments):
      let base = try evaluate(base)
      return .bool(try check(name, base, try evaluated(name, arguments)))
    case .not(let inner): return .bool(try !evaluate(inner).isTrue)
    case .negative(let inner): return try negated(try evaluate(inner))
    case .positive(let inner): return try negated(try negated(try evaluate(inner)))
    case .and(let left, let right):
      let first = try evaluate(left)
      return first.isTrue ? try evaluate(right) : first
    case .or(let left, let right):
      let first = try evaluate(left)
      return first.isTrue ? first : try evaluate(right)
    case .binary(let operation, let left, let right):
      let first = try evaluate(left)
      return try combined(operation, first, try evaluate(right))
    case .compare(let left, let links): return try compared(left, links)
    case .choice(let condition, let then, let otherwise):
      if try evaluate(condition).isTrue { return try evaluate(then) }
      return try otherwise.map { (other) throws(SVFTError) in try evaluate(other) }
        ?? .undefined("")
    }
  }

  private func resolve(_ name: String) -> TemplateValue {
    if let value = scope.find(name) { return value }
    if name == "strftime_now", now == nil { return .undefined(name) }
    return Self.functions.contains(name) ? .function(name) : .undefined(name)
  }

  mutating func values(_ items: [TemplateExpression]) throws(SVFTError) -> [TemplateValue] {
    var values: [TemplateValue] = []
    for item in items { values.append(try evaluate(item)) }
    return values
  }

  /// The arguments of a call with their values.
  mutating func evaluated(
    _ name: String, _ arguments: TemplateArguments
  ) throws(SVFTError) -> TemplateCall {
    var call = TemplateCall(name: name, positional: try values(arguments.positional))
    for (key, value) in arguments.named { call.named.append((key, try evaluate(value))) }
    return call
  }

  private mutating func dict(
    _ members: [(key: TemplateExpression, value: TemplateExpression)]
  ) throws(SVFTError) -> TemplateValue {
    var dict = TemplateDict()
    for (key, value) in members {
      let key = try TemplateKey(evaluate(key))
      try dict.set(key, evaluate(value))
    }
    return .dict(dict)
  }

  private mutating func slice(
    _ base: TemplateExpression, _ bounds: [TemplateExpression?]
  ) throws(SVFTError) -> TemplateValue {
    let base = try evaluate(base)
    var numbers: [Int?] = []
    for bound in bounds {
      guard let bound else {
        numbers.append(nil)
        continue
      }
      let value = try evaluate(bound)
      if case .none = value {
        numbers.append(nil)
      } else if let number = value.whole {
        numbers.append(number)
      } else {
        throw SVFTError(.data, "expected whole numbers as bounds of a slice, found \(value.kind)")
      }
    }
    let places = try Self.places(numbers, count: try base.length())
    try spend(places.count)
    switch base {
    case .text(let text): return .text(places.map { text[$0] })
    case .list(let list):
      return .list(try TemplateList(places.map { list.items[$0] }, isTuple: list.isTuple))
    default: throw SVFTError(.data, "expected a list or a string to cut, found \(base.kind)")
    }
  }

  /// The indices that a slice names, after Python's rules for negative and missing bounds.
  private static func places(_ bounds: [Int?], count: Int) throws(SVFTError) -> [Int] {
    let step = max(-count - 1, min(count + 1, bounds[2] ?? 1))
    guard step != 0 else { throw SVFTError(.data, "expected a slice's step other than 0") }
    func clamped(_ bound: Int?, _ other: Int) -> Int {
      guard let bound else { return other }
      let place = bound < 0 ? max(bound, -count - 1) + count : bound
      return step > 0 ? max(0, min(count, place)) : max(-1, min(count - 1, place))
    }
    let start = clamped(bounds[0], step > 0 ? 0 : count - 1)
    let end = clamped(bounds[1], step > 0 ? count : -1)
    return Array(stride(from: start, to: end, by: step))
  }

  private func negated(_ value: TemplateValue) throws(SVFTError) -> TemplateValue {
    if let whole = value.whole {
      let (result, isBeyond) = (0).subtractingReportingOverflow(whole)
      if !isBeyond { return .integer(result) }
    }
    guard case .number(let number) = value else {
      throw SVFTError(.data, "expected a number behind a sign, found \(value.kind)")
    }
    return .number(-number)
  }

  private mutating func compared(
    _ left: TemplateExpression,
    _ links: [(how: TemplateExpression.Comparison, with: TemplateExpression)]
  ) throws(SVFTError) -> TemplateValue {
    var first = try evaluate(left)
    for (how, with) in links {
      let second = try evaluate(with)
      try spend(first.size + second.size)
      let holds =
        switch how {
        case .equal: first.equals(second)
        case .unequal: !first.equals(second)
        case .less: try first.precedes(second)
        case .greater: try second.precedes(first)
        case .atMost: try first.precedes(second) || first.equals(second)
        case .atLeast: try second.precedes(first) || first.equals(second)
        case .within: try second.contains(first)
        case .outside: try !second.contains(first)
        }
      if !holds { return .bool(false) }
      first = second
    }
    return .bool(true)
  }

  /// What an operator makes of two values.
  mutating func combined(
    _ operation: TemplateExpression.Operator, _ left: TemplateValue, _ right: TemplateValue
  ) throws(SVFTError) -> TemplateValue {
    try spend(left.extent + right.extent)
    switch (operation, left, right) {
    case (.join, _, _): return .text(left.printed + right.printed)
    case (.add, .text(let a), .text(let b)): return .text(a + b)
    case (.add, .list(let a), .list(let b)) where a.isTuple == b.isTuple:
      return .list(try TemplateList(a.items + b.items, isTuple: a.isTuple))
    case (.remainder, .text(let text), _): return .text(try format(text, percent: right))
    case (.multiply, .text(let text), _), (.multiply, _, .text(let text)):
      let times = max(0, try count(left.whole ?? right.whole, text.count))
      return .text(TemplateText(repeatElement(text, count: times).joined()))
    case (.multiply, .list(let list), _), (.multiply, _, .list(let list)):
      let times = max(0, try count(left.whole ?? right.whole, list.items.count))
      let items = Array(repeatElement(list.items, count: times).joined())
      return .list(try TemplateList(items, isTuple: list.isTuple))
    default: return try TemplateArithmetic.combined(operation, left, right)
    }
  }

  /// How often something of `size` is to be repeated, paid for before it is made.
  private mutating func count(_ times: Int?, _ size: Int) throws(SVFTError) -> Int {
    guard let times else {
      throw SVFTError(.data, "expected a whole number to repeat by, found none")
    }
    let (cost, isBeyond) = times.multipliedReportingOverflow(by: max(size, 1))
    try spend(isBeyond ? .max : cost)
    return times
  }
}

extension TemplateValue {
  /// Characters or elements in it, as what looking through it costs.
  var extent: Int {
    switch self {
    case .text(let text): text.count
    case .list(let list): list.items.count
    case .dict(let dict): dict.count
    default: 1
    }
  }
}
