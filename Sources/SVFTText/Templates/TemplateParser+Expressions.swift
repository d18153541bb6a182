// Expressions, by rising strength, as Jinja binds them:
//
//   a if b else c · or · and · not · == != < <= > >= in not-in (chained) · + - · ~ · * / // % · **
//   unary + -, and what they stand before: TemplateParser+Operands.swift
import SVFTTensor

extension TemplateParser {
  var current: TemplateToken? { index < tokens.count ? tokens[index] : nil }
  var found: String { current?.words ?? "the end of the tag" }

  /// Steps over a sign, if it stands here.
  mutating func takes(_ sign: String) -> Bool {
    guard current?.kind == .sign(sign) else { return false }
    index += 1
    return true
  }

  /// Steps over a name, if it stands here.
  mutating func takesName(_ name: String) -> Bool {
    guard current?.kind == .name(name) else { return false }
    index += 1
    return true
  }

  mutating func expect(_ sign: String) throws(SVFTError) {
    if !takes(sign) { throw failure("expected “\(sign)”, found \(found)") }
  }

  mutating func name() throws(SVFTError) -> String {
    guard case .name(let name) = current?.kind else {
      throw failure("expected a name, found \(found)")
    }
    index += 1
    return name
  }

  mutating func count() throws(SVFTError) {
    operators += 1
    guard operators <= Self.mostOperators else {
      throw failure("expected at most \(Self.mostOperators) operators in a tag", .limit)
    }
  }

  /// An expression, or several apart by commas, which are a tuple.
  mutating func tuple(withChoice: Bool = true) throws(SVFTError) -> TemplateExpression {
    let first = try withChoice ? expression() : either()
    guard current?.kind == .sign(",") else { return first }
    var items = [first]
    while takes(","), startsExpression {
      items.append(try withChoice ? expression() : either())
    }
    return .list(items, isTuple: true)
  }

  private var startsExpression: Bool {
    switch current?.kind {
    case nil: false
    case .sign(let sign): ["(", "[", "{", "-", "+"].contains(sign)
    case .name(let name): !["in", "if", "else"].contains(name)
    default: true
    }
  }

  mutating func expression() throws(SVFTError) -> TemplateExpression {
    try enter()
    defer { depth -= 1 }
    var result = try either()
    while takesName("if") {
      try count()
      let condition = try either()
      let otherwise = takesName("else") ? try expression() : nil
      result = .choice(condition, then: result, otherwise: otherwise)
    }
    return result
  }

  /// `a or b`, the strongest expression that holds no `if`.
  mutating func either() throws(SVFTError) -> TemplateExpression {
    var left = try both()
    while takesName("or") {
      try count()
      left = .or(left, try both())
    }
    return left
  }

  private mutating func both() throws(SVFTError) -> TemplateExpression {
    var left = try negation()
    while takesName("and") {
      try count()
      left = .and(left, try negation())
    }
    return left
  }

  private mutating func negation() throws(SVFTError) -> TemplateExpression {
    guard takesName("not") else { return try comparison() }
    try enter()
    defer { depth -= 1 }
    return .not(try negation())
  }

  private mutating func comparison() throws(SVFTError) -> TemplateExpression {
    let left = try binary(0)
    var links: [(how: TemplateExpression.Comparison, with: TemplateExpression)] = []
    while let how = takesComparison() {
      try count()
      links.append((how, try binary(0)))
    }
    return links.isEmpty ? left : .compare(left, links)
  }

  private mutating func takesComparison() -> TemplateExpression.Comparison? {
    switch current?.kind {
    case .sign(let sign):
      guard let how = TemplateExpression.Comparison(rawValue: sign) else { return nil }
      index += 1
      return how
    case .name("in"):
      index += 1
      return .within
    case .name("not") where index + 1 < tokens.count && tokens[index + 1].kind == .name("in"):
      index += 2
      return .outside
    default: return nil
    }
  }

  private static let levels: [[TemplateExpression.Operator]] = [
    [.add, .subtract], [.join], [.multiply, .divide, .floorDivide, .remainder], [.power],
  ]

  private mutating func binary(_ level: Int) throws(SVFTError) -> TemplateExpression {
    guard level < Self.levels.count else { return try unary() }
    var left = try binary(level + 1)
    while case .sign(let sign) = current?.kind,
      let operation = TemplateExpression.Operator(rawValue: sign),
      Self.levels[level].contains(operation)
    {
      index += 1
      try count()
      left = .binary(operation, left, try binary(level + 1))
    }
    return left
  }

  private mutating func unary(withFilters: Bool = true) throws(SVFTError) -> TemplateExpression {
    try enter()
    defer { depth -= 1 }
    var result: TemplateExpression
    if takes("-") {
      result = .negative(try unary(withFilters: false))
    } else if takes("+") {
      result = .positive(try unary(withFilters: false))
    } else {
      result = try primary()
    }
    result = try postfix(result)
    return withFilters ? try filters(on: result, first: false) : result
  }
}

extension TemplateToken {
  /// The token in the words of a message.
  var words: String {
    switch kind {
    case .name(let name): "“\(name)”"
    case .text: "a string"
    case .integer, .number: "a number"
    case .sign(let sign): "“\(sign)”"
    }
  }
}
