// The syntax tree of a template: statements and expressions as the parser leaves them and the run
// walks them.

/// One statement.
indirect enum TemplateStatement: Sendable {
  case data(TemplateText)
  case output(TemplateExpression, line: Int)
  case branch([TemplateBranch], otherwise: [TemplateStatement])
  case loop(TemplateLoopStatement)
  /// One value to a target.
  case set(TemplateTarget, TemplateExpression, line: Int)
  /// What the body prints, as `captured`, through an expression, to a target.
  case capture(TemplateTarget?, TemplateExpression, [TemplateStatement], line: Int)
  case scope([(name: String, value: TemplateExpression)], [TemplateStatement], line: Int)
  case macro(TemplateMacro)
  case call(TemplateMacro, TemplateExpression, line: Int)
  case generation([TemplateStatement], line: Int)
  case leave(continues: Bool)

  /// The name under which an expression finds what a body printed; no template can spell it.
  static let captured = "what is captured"
  /// The same for the body of a {% call %} on its way to the macro, where it is `caller`.
  static let waiting = "what is called back"
}

/// A condition and what it guards.
struct TemplateBranch: Sendable {
  let condition: TemplateExpression
  let body: [TemplateStatement]
  let line: Int
}

/// A loop.
struct TemplateLoopStatement: Sendable {
  let target: TemplateTarget
  let source: TemplateExpression
  let condition: TemplateExpression?
  let body: [TemplateStatement]
  let otherwise: [TemplateStatement]
  let line: Int
}

/// Where a value goes.
indirect enum TemplateTarget: Sendable {
  case name(String)
  case member(of: String, String)
  case tuple([TemplateTarget])
}

/// A macro: parameters, those with a default at the end.
struct TemplateMacro: Sendable {
  let name: String
  let parameters: [(name: String, other: TemplateExpression?)]
  let body: [TemplateStatement]
}

/// The arguments of a call as they are written.
struct TemplateArguments: Sendable {
  var positional: [TemplateExpression] = []
  var named: [(name: String, value: TemplateExpression)] = []
}

/// One expression.
indirect enum TemplateExpression: Sendable {
  enum Operator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case floorDivide = "//"
    case remainder = "%"
    case power = "**"
    case join = "~"
  }

  enum Comparison: String, Sendable {
    case equal = "=="
    case unequal = "!="
    case less = "<"
    case atMost = "<="
    case greater = ">"
    case atLeast = ">="
    case within = "in"
    case outside = "not in"
  }

  case constant(TemplateValue)
  case name(String)
  case list([TemplateExpression], isTuple: Bool)
  case dict([(key: TemplateExpression, value: TemplateExpression)])
  case attribute(TemplateExpression, String)
  case item(TemplateExpression, TemplateExpression)
  case slice(TemplateExpression, [TemplateExpression?])
  case call(TemplateExpression, TemplateArguments)
  case filter(TemplateExpression, String, TemplateArguments)
  case check(TemplateExpression, String, TemplateArguments)
  case not(TemplateExpression)
  case negative(TemplateExpression)
  case positive(TemplateExpression)
  case and(TemplateExpression, TemplateExpression)
  case or(TemplateExpression, TemplateExpression)
  case binary(Operator, TemplateExpression, TemplateExpression)
  case compare(TemplateExpression, [(how: Comparison, with: TemplateExpression)])
  case choice(TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
}
