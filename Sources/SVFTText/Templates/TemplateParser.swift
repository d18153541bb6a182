// Statements of a template: for, if, set, macro, call, filter, with, generation, break, continue.
// What chat templates have no use for (include, import, extends, block, do, recursive loops) is
// refused by name. Expressions: TemplateParser+Expressions.swift.
import SVFTTensor

/// Makes a syntax tree out of a template's parts.
struct TemplateParser {
  /// Tags and brackets may nest this deep, and one expression may have this many operators.
  static let deepest = 64
  static let mostOperators = 2_000

  private let parts: [TemplatePart]
  private var part = 0
  /// The tokens of the tag being read.
  var tokens: [TemplateToken] = []
  var index = 0
  var line = 1
  var depth = 0
  var operators = 0
  /// Loops around the place.
  private var loops = 0

  init(_ parts: [TemplatePart]) { self.parts = parts }

  /// The whole template. Throws `.format`, `.unsupported` and `.limit`, with the line.
  mutating func run() throws(SVFTError) -> [TemplateStatement] {
    let (body, end) = try statements(until: [])
    if !end.isEmpty { throw failure("expected a tag to be open, found \(end)") }
    return body
  }

  func failure(_ sentence: String, _ kind: SVFTError.Kind = .format) -> SVFTError {
    SVFTError(kind, "line \(line): \(sentence)")
  }

  /// Counts one level of nesting.
  mutating func enter() throws(SVFTError) {
    depth += 1
    guard depth <= Self.deepest else {
      throw failure("expected at most \(Self.deepest) levels of nesting, found more", .limit)
    }
  }

  /// Statements up to a tag of one of these names, which is taken; its name is given.
  private mutating func statements(
    until ends: [String]
  ) throws(SVFTError) -> (body: [TemplateStatement], end: String) {
    try enter()
    var body: [TemplateStatement] = []
    while part < parts.count {
      let current = parts[part]
      part += 1
      line = current.line
      switch current.content {
      case .data(let text): body.append(.data(text))
      case .output(let tokens):
        begin(tokens)
        let begun = line
        body.append(.output(try tuple(), line: begun))
        try finish()
      case .block(let tokens):
        begin(tokens)
        let name = try name()
        if ends.contains(name) {
          depth -= 1
          return (body, name)
        }
        if let statement = try statement(name) { body.append(statement) }
      }
    }
    guard ends.isEmpty else {
      throw failure("expected {% \(ends.joined(separator: " or ")) %}, found the template's end")
    }
    depth -= 1
    return (body, "")
  }

  private mutating func begin(_ tokens: [TemplateToken]) {
    self.tokens = tokens
    index = 0
    operators = 0
    line = tokens.first?.line ?? line
  }

  /// Checks that nothing is left of the tag.
  mutating func finish() throws(SVFTError) {
    if let token = current { throw failure("expected the end of the tag, found \(token.words)") }
  }

  private mutating func body(_ end: String) throws(SVFTError) -> [TemplateStatement] {
    try finish()
    let body = try statements(until: [end]).body
    try finish()
    return body
  }

  private mutating func statement(_ name: String) throws(SVFTError) -> TemplateStatement? {
    let begun = line
    switch name {
    case "for": return try loop(begun)
    case "if": return try branches(begun)
    case "set": return try assignment(begun)
    case "macro":
      let name = try self.name()
      let parameters = try parameters()
      return .macro(
        TemplateMacro(name: name, parameters: parameters, body: try bodyOutsideLoops("endmacro")))
    case "call":
      let parameters = takes("(") ? try parameters(isOpen: true) : []
      let callee = try expression()
      guard case .call = callee else { throw failure("expected a call behind {% call %}") }
      let caller = TemplateMacro(
        name: "caller", parameters: parameters, body: try bodyOutsideLoops("endcall"))
      return .call(caller, callee, line: begun)
    case "filter":
      let chain = try filters(on: .name(TemplateStatement.captured), first: true)
      return .capture(nil, chain, try bodyOutsideLoops("endfilter"), line: begun)
    case "with": return try scope(begun)
    case "generation": return .generation(try bodyOutsideLoops("endgeneration"), line: begun)
    case "break", "continue":
      guard loops > 0 else { throw failure("expected a loop around \(name), found none") }
      try finish()
      return .leave(continues: name == "continue")
    default:
      if ["else", "elif"].contains(name) || name.hasPrefix("end") {
        throw failure("expected a tag to be open that {% \(name) %} goes on with, found none")
      }
      throw failure("the tag {% \(name) %} is not known", .unsupported)
    }
  }

  /// A body that loops around it do not reach into.
  private mutating func bodyOutsideLoops(_ end: String) throws(SVFTError) -> [TemplateStatement] {
    let outside = loops
    loops = 0
    let body = try body(end)
    loops = outside
    return body
  }

  private mutating func loop(_ begun: Int) throws(SVFTError) -> TemplateStatement {
    let target = try target()
    guard takesName("in") else { throw failure("expected “in” in a for, found \(found)") }
    let source = try tuple(withChoice: false)
    let condition = takesName("if") ? try expression() : nil
    if takesName("recursive") { throw failure("recursive loops are not known", .unsupported) }
    try finish()
    loops += 1
    var (body, end) = try statements(until: ["else", "endfor"])
    loops -= 1
    try finish()
    var otherwise: [TemplateStatement] = []
    if end == "else" {
      (otherwise, end) = try statements(until: ["endfor"])
      try finish()
    }
    return .loop(
      TemplateLoopStatement(
        target: target, source: source, condition: condition, body: body, otherwise: otherwise,
        line: begun))
  }

  private mutating func branches(_ begun: Int) throws(SVFTError) -> TemplateStatement {
    var branches: [TemplateBranch] = []
    var end = "elif"
    while end == "elif" {
      let begun = line
      let condition = try tuple(withChoice: false)
      try finish()
      let (body, next) = try statements(until: ["elif", "else", "endif"])
      branches.append(TemplateBranch(condition: condition, body: body, line: begun))
      end = next
    }
    try finish()
    guard end == "else" else { return .branch(branches, otherwise: []) }
    let otherwise = try statements(until: ["endif"]).body
    try finish()
    return .branch(branches, otherwise: otherwise)
  }

  private mutating func assignment(_ begun: Int) throws(SVFTError) -> TemplateStatement {
    let target = try target()
    if takes("=") {
      let value = try tuple()
      try finish()
      return .set(target, value, line: begun)
    }
    let chain = try filters(on: .name(TemplateStatement.captured), first: false)
    return .capture(target, chain, try bodyOutsideLoops("endset"), line: begun)
  }

  private mutating func scope(_ begun: Int) throws(SVFTError) -> TemplateStatement {
    var names: [(name: String, value: TemplateExpression)] = []
    while current != nil {
      if !names.isEmpty, !takes(",") { break }
      let name = try name()
      try expect("=")
      names.append((name, try expression()))
    }
    return .scope(names, try body("endwith"), line: begun)
  }

  private mutating func target() throws(SVFTError) -> TemplateTarget {
    var targets: [TemplateTarget] = []
    var isTuple = false
    repeat {
      if takes("(") {
        try enter()
        targets.append(try target())
        depth -= 1
        try expect(")")
      } else {
        let name = try name()
        targets.append(takes(".") ? .member(of: name, try self.name()) : .name(name))
      }
      isTuple = isTuple || current?.kind == .sign(",")
    } while takes(",") && current?.kind != .name("in")
    return isTuple ? .tuple(targets) : targets[0]
  }

  /// A macro's parameters in their brackets.
  private mutating func parameters(
    isOpen: Bool = false
  ) throws(SVFTError) -> [(name: String, other: TemplateExpression?)] {
    if !isOpen { try expect("(") }
    var parameters: [(name: String, other: TemplateExpression?)] = []
    while !takes(")") {
      if !parameters.isEmpty { try expect(",") }
      if takes(")") { break }
      let name = try name()
      let other = takes("=") ? try expression() : nil
      guard other != nil || parameters.last?.other == nil else {
        throw failure("expected a default for “\(name)” behind one that has one")
      }
      parameters.append((name, other))
    }
    return parameters
  }
}
