// Expressions, by rising strength, as Jinja binds them:
//
//   a if b else c · or · and · not · == != < <= > >= in not-in (chained) · + - · ~ · * / // % · **
//   unary + - · .name [item] (call) · |filter · is check
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

  private mutating func count() throws(SVFTError) {
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

  private mutating func primary() throws(SVFTError) -> TemplateExpression {
    guard let token = current else {
      throw failure("expected an expression, found the end of the tag")
    }
    index += 1
    switch token.kind {
    case .name(let name):
      switch name {
      case "true", "True": return .constant(.bool(true))
      case "false", "False": return .constant(.bool(false))
      case "none", "None": return .constant(.none)
      default: return .name(name)
      }
    case .integer(let value): return .constant(.integer(value))
    case .number(let value): return .constant(.number(value))
    case .text(var text):
      while case .text(let more) = current?.kind {
        text += more
        index += 1
      }
      return .constant(.text(text))
    case .sign("("):
      if takes(")") { return .list([], isTuple: true) }
      let inner = try tuple()
      try expect(")")
      return inner
    case .sign("["):
      return .list(try items(closing: "]"), isTuple: false)
    case .sign("{"): return try mapping()
    case .sign: throw failure("expected an expression, found \(token.words)")
    }
  }

  private mutating func items(closing: String) throws(SVFTError) -> [TemplateExpression] {
    var items: [TemplateExpression] = []
    while !takes(closing) {
      if !items.isEmpty { try expect(",") }
      if takes(closing) { break }
      items.append(try expression())
    }
    return items
  }

  private mutating func mapping() throws(SVFTError) -> TemplateExpression {
    var members: [(key: TemplateExpression, value: TemplateExpression)] = []
    while !takes("}") {
      if !members.isEmpty { try expect(",") }
      if takes("}") { break }
      let key = try expression()
      try expect(":")
      members.append((key, try expression()))
    }
    return .dict(members)
  }

  private mutating func postfix(
    _ base: TemplateExpression
  ) throws(SVFTError) -> TemplateExpression {
    var result = base
    while true {
      if takes(".") {
        try count()
        if case .integer(let place) = current?.kind {
          index += 1
          result = .item(result, .constant(.integer(place)))
        } else {
          result = .attribute(result, try name())
        }
      } else if takes("[") {
        try count()
        result = try subscripted(result)
      } else if takes("(") {
        try count()
        result = .call(result, try arguments())
      } else {
        return result
      }
    }
  }

  private mutating func subscripted(
    _ base: TemplateExpression
  ) throws(SVFTError) -> TemplateExpression {
    var bounds: [TemplateExpression?] = []
    var isSlice = false
    while current?.kind != .sign("]") {
      if takes(":") {
        isSlice = true
        if bounds.isEmpty { bounds.append(nil) }
        let ends = current?.kind == .sign("]") || current?.kind == .sign(":")
        bounds.append(ends ? nil : try expression())
      } else if bounds.isEmpty {
        bounds.append(try tuple())
      } else {
        throw failure("expected “]”, found \(found)")
      }
    }
    try expect("]")
    guard isSlice else {
      guard let only = bounds.first, let item = only else {
        throw failure("expected an index, found “]”")
      }
      return .item(base, item)
    }
    guard bounds.count <= 3 else { throw failure("expected a slice, found too many “:”") }
    return .slice(base, bounds + Array(repeating: nil, count: 3 - bounds.count))
  }

  /// The arguments of a call whose bracket is open.
  private mutating func arguments() throws(SVFTError) -> TemplateArguments {
    var arguments = TemplateArguments()
    var isFirst = true
    while !takes(")") {
      if !isFirst { try expect(",") }
      if takes(")") { break }
      isFirst = false
      if takes("*") || takes("**") {
        throw failure("arguments out of a list (*) are not known", .unsupported)
      }
      if case .name(let name) = current?.kind, index + 1 < tokens.count,
        tokens[index + 1].kind == .sign("=")
      {
        index += 2
        arguments.named.append((name, try expression()))
      } else {
        guard arguments.named.isEmpty else {
          throw failure("expected arguments without a name before those with one")
        }
        arguments.positional.append(try expression())
      }
    }
    return arguments
  }

  /// `|filter`, `is check` and calls behind them; `first` where a filter's name stands at once.
  mutating func filters(
    on base: TemplateExpression, first: Bool
  ) throws(SVFTError) -> TemplateExpression {
    var result = base
    var isNamed = first
    while true {
      if isNamed || takes("|") {
        isNamed = false
        try count()
        let name = try dottedName()
        guard TemplateFilters.all[name] != nil else {
          throw failure("the filter “\(name)” is not known", .unsupported)
        }
        result = .filter(result, name, takes("(") ? try arguments() : TemplateArguments())
      } else if takesName("is") {
        try count()
        result = try check(result)
      } else if takes("(") {
        try count()
        result = .call(result, try arguments())
      } else {
        return result
      }
    }
  }

  private mutating func dottedName() throws(SVFTError) -> String {
    var name = try name()
    while takes(".") { name += "." + (try self.name()) }
    return name
  }

  private mutating func check(
    _ base: TemplateExpression
  ) throws(SVFTError) -> TemplateExpression {
    let isNegated = takesName("not")
    let name = try dottedName()
    guard TemplateChecks.all[name] != nil else {
      throw failure("the test “\(name)” is not known", .unsupported)
    }
    var arguments = TemplateArguments()
    if takes("(") {
      arguments = try self.arguments()
    } else if startsArgument {
      if current?.kind == .name("is") { throw failure("expected one test, found “is” again") }
      arguments.positional = [try postfix(try primary())]
    }
    let result = TemplateExpression.check(base, name, arguments)
    return isNegated ? .not(result) : result
  }

  private var startsArgument: Bool {
    switch current?.kind {
    case .name(let name): !["else", "or", "and", "if", "not", "in"].contains(name)
    case .text, .integer, .number: true
    case .sign(let sign): sign == "[" || sign == "{"
    case nil: false
    }
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
