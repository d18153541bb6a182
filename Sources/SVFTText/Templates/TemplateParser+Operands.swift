// Operands of expressions: literals and names, then .name [item] (call), then |filter and is check.
import SVFTTensor

extension TemplateParser {
  mutating func primary() throws(SVFTError) -> TemplateExpression {
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

  mutating func postfix(
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
