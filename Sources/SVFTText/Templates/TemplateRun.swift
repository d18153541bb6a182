// Running a template: one walk over its syntax tree. Every node and every character that is made
// costs one unit of work, nesting costs depth, and both are limited: a hostile template ends in an
// error, not in a host that waits.
//
// A scope is made by a loop's round, a macro, a capture; `if` makes none. What a template sets in a
// scope is gone with it, unless it is a namespace's.
import SVFTTensor

/// Names and values, over those of the scope around them.
final class TemplateScope {
  var names: [String: TemplateValue]
  let outer: TemplateScope?

  init(_ names: [String: TemplateValue] = [:], in outer: TemplateScope?) {
    self.names = names
    self.outer = outer
  }

  func find(_ name: String) -> TemplateValue? {
    var scope: TemplateScope? = self
    while let here = scope {
      if let value = here.names[name] { return value }
      scope = here.outer
    }
    return nil
  }
}

/// One rendering of one template.
struct TemplateRun {
  /// How a list of statements ended.
  enum End {
    case through, leave, next
  }

  private(set) var limits: Template.Limits
  private(set) var output: TemplateText = []
  /// What the {% generation %} blocks printed.
  private(set) var spans: [Range<Int>] = []
  /// The line being run, for messages.
  private(set) var line = 1
  var scope: TemplateScope
  var namespaces: [[String: TemplateValue]] = []
  /// The moment that strftime_now knows, in seconds since 1970.
  let now: Int?
  var macros: [(macro: TemplateMacro, scope: TemplateScope)] = []
  private var work = 0
  private var depth = 0
  private var captures = 0

  init(_ names: [String: TemplateValue], _ limits: Template.Limits, now: Int?) {
    scope = TemplateScope(names, in: nil)
    self.limits = limits
    self.now = now
  }

  /// Counts work. Throws `.limit` when it is too much.
  mutating func spend(_ units: Int = 1) throws(SVFTError) {
    let (sum, isBeyond) = work.addingReportingOverflow(max(0, units))
    work = sum
    guard !isBeyond, work <= limits.work else {
      throw SVFTError(.limit, "expected at most \(limits.work) steps, the template takes more")
    }
  }

  /// Counts work that is done so many times.
  mutating func spend(_ units: Int, times: Int) throws(SVFTError) {
    let (cost, isBeyond) = units.multipliedReportingOverflow(by: times)
    try spend(isBeyond ? .max : cost)
  }

  /// Counts a level of nesting for the length of `body`.
  mutating func nested<Result>(
    _ body: (inout TemplateRun) throws(SVFTError) -> Result
  ) throws(SVFTError) -> Result {
    guard depth < limits.depth else {
      throw SVFTError(.limit, "expected at most \(limits.depth) levels of nesting, found more")
    }
    depth += 1
    defer { depth -= 1 }
    return try body(&self)
  }

  /// Runs statements in the scope of the moment.
  mutating func execute(_ statements: [TemplateStatement]) throws(SVFTError) -> End {
    for statement in statements {
      try spend()
      let end = try nested { (run) throws(SVFTError) in try run.execute(statement) }
      if end != .through { return end }
    }
    return .through
  }

  private mutating func execute(_ statement: TemplateStatement) throws(SVFTError) -> End {
    switch statement {
    case .data(let text): try write(text)
    case .output(let expression, let line):
      self.line = line
      try write(evaluate(expression).printed)
    case .branch(let branches, let otherwise):
      for branch in branches {
        line = branch.line
        if try evaluate(branch.condition).isTrue { return try execute(branch.body) }
      }
      return try execute(otherwise)
    case .loop(let loop): return try execute(loop)
    case .set(let target, let value, let line):
      self.line = line
      try assign(evaluate(value), to: target)
    case .capture(let target, let expression, let body, let line):
      try capture(target, expression, body, line)
    case .scope(let names, let body, let line):
      self.line = line
      var values: [String: TemplateValue] = [:]
      for (name, value) in names { values[name] = try evaluate(value) }
      return try within(TemplateScope(values, in: scope)) { (run) throws(SVFTError) in
        try run.execute(body)
      }
    case .macro(let macro): scope.names[macro.name] = define(macro)
    case .call(let caller, let callee, let line):
      self.line = line
      let inner = TemplateScope([TemplateStatement.waiting: define(caller)], in: scope)
      let text = try within(inner) { (run) throws(SVFTError) in
        try run.evaluate(callee).printed
      }
      try write(text)
    case .generation(let body, let line): try generation(body, line)
    case .leave(let continues): return continues ? .next : .leave
    }
    return .through
  }

  private mutating func write(_ text: TemplateText) throws(SVFTError) {
    try spend(text.count)
    guard output.count + text.count <= limits.output else {
      throw SVFTError(
        .limit, "expected at most \(limits.output) characters, the template gives more")
    }
    output += text
  }

  /// Runs `body` with another scope.
  mutating func within<Result>(
    _ inner: TemplateScope, _ body: (inout TemplateRun) throws(SVFTError) -> Result
  ) throws(SVFTError) -> Result {
    let outer = scope
    scope = inner
    defer { scope = outer }
    return try body(&self)
  }

  /// What statements print, in a scope of their own.
  mutating func printed(
    _ body: [TemplateStatement], in inner: TemplateScope
  ) throws(SVFTError) -> TemplateText {
    let outside = output
    output = []
    captures += 1
    defer {
      output = outside
      captures -= 1
    }
    return try within(inner) { (run) throws(SVFTError) in
      _ = try run.execute(body)
      return run.output
    }
  }

  private mutating func capture(
    _ target: TemplateTarget?, _ expression: TemplateExpression, _ body: [TemplateStatement],
    _ line: Int
  ) throws(SVFTError) {
    let text = try printed(body, in: TemplateScope(in: scope))
    self.line = line
    let inner = TemplateScope([TemplateStatement.captured: .text(text)], in: scope)
    let value = try within(inner) { (run) throws(SVFTError) in try run.evaluate(expression) }
    if let target { try assign(value, to: target) } else { try write(value.printed) }
  }

  private mutating func generation(
    _ body: [TemplateStatement], _ line: Int
  ) throws(SVFTError) {
    guard captures == 0 else {
      self.line = line
      throw SVFTError(
        .unsupported, "{% generation %} within a macro or a captured text is not known")
    }
    let start = output.count
    _ = try within(TemplateScope(in: scope)) { (run) throws(SVFTError) in try run.execute(body) }
    if output.count > start { spans.append(start..<output.count) }
  }

  private mutating func execute(_ loop: TemplateLoopStatement) throws(SVFTError) -> End {
    line = loop.line
    var items = try evaluate(loop.source).elements()
    try spend(items.count)
    if let condition = loop.condition {
      var kept: [TemplateValue] = []
      for item in items {
        let isKept = try within(TemplateScope(in: scope)) { (run) throws(SVFTError) in
          try run.assign(item, to: loop.target)
          return try run.evaluate(condition).isTrue
        }
        if isKept { kept.append(item) }
      }
      items = kept
    }
    guard !items.isEmpty else { return try execute(loop.otherwise) }
    let list = try TemplateList(items)
    for (index, item) in items.enumerated() {
      let state = TemplateLoop(items: list, index: index)
      let end = try within(TemplateScope(["loop": .loop(state)], in: scope)) {
        (run) throws(SVFTError) in
        try run.assign(item, to: loop.target)
        return try run.execute(loop.body)
      }
      if end == .leave { break }
    }
    return .through
  }

  private mutating func assign(
    _ value: TemplateValue, to target: TemplateTarget
  ) throws(SVFTError) {
    switch target {
    case .name(let name): scope.names[name] = value
    case .member(let owner, let name):
      guard case .namespace(let number) = scope.find(owner) ?? .undefined(owner) else {
        throw SVFTError(.data, "expected a namespace to set “\(owner).\(name)” in, found none")
      }
      namespaces[number][name] = value
    case .tuple(let targets):
      let items = try value.elements()
      guard items.count == targets.count else {
        throw SVFTError(.data, "expected \(targets.count) values to set, found \(items.count)")
      }
      for (item, target) in zip(items, targets) { try assign(item, to: target) }
    }
  }
}
