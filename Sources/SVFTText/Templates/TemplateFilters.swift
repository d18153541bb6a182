// The filters, by name: `value|filter(arguments)`. A filter is a line here and, if it is long, a
// function in this file (texts and numbers), in TemplateFilters+Layouts.swift, +Lists.swift or
// +Groups.swift.
import SVFTTensor

/// The known filters.
enum TemplateFilters {
  /// What a filter makes of a value.
  typealias Filter =
    @Sendable (inout TemplateRun, TemplateValue, TemplateCall) throws(SVFTError) -> TemplateValue

  static let all: [String: Filter] = [texts, layouts, numbers, lists, groups].reduce(into: [:]) {
    $0.merge($1) { $1 }
  }

  private static let texts: [String: Filter] = [
    "trim": { _, value, call throws(SVFTError) in
      .text(value.printed.trimmed(try call.text(0, "chars")))
    },
    "upper": { _, value, _ throws(SVFTError) in .text(value.printed.upper) },
    "lower": { _, value, _ throws(SVFTError) in .text(value.printed.lower) },
    "capitalize": { _, value, _ throws(SVFTError) in .text(value.printed.capitalized) },
    "title": { _, value, _ throws(SVFTError) in .text(titled(value.printed)) },
    "string": { _, value, _ throws(SVFTError) in .text(value.printed) },
    "safe": { _, value, _ throws(SVFTError) in .text(value.printed) },
    "escape": { _, value, _ throws(SVFTError) in .text(escaped(value.printed)) },
    "e": { _, value, _ throws(SVFTError) in .text(escaped(value.printed)) },
    "forceescape": { _, value, _ throws(SVFTError) in .text(escaped(value.printed)) },
    "replace": { run, value, call throws(SVFTError) in try replaced(&run, value, call) },
    "indent": { run, value, call throws(SVFTError) in try indented(&run, value.printed, call) },
    "tojson": { run, value, call throws(SVFTError) in try json(&run, value, call) },
    "join": { run, value, call throws(SVFTError) in
      let path = try call.text(1, "attribute")?.string
      var items = try value.elements()
      if let path {
        items = try items.map { (item) throws(SVFTError) in try item.reach(path, in: run) }
      }
      return try joined(&run, .list(of: items), call.value(0, "d")?.printed ?? [])
    },
  ]

  private static let numbers: [String: Filter] = [
    "int": { _, value, call throws(SVFTError) in try whole(value, call) },
    "float": { _, value, call throws(SVFTError) in
      if let real = value.real { return .number(real) }
      let text = value.printed.trimmed().string
      if case .text = value, let real = Double(text) { return .number(real) }
      return call.value(0, "default") ?? .number(0)
    },
    "abs": { _, value, _ throws(SVFTError) in
      if let whole = value.whole {
        guard whole != .min else { throw TemplateArithmetic.overflow }
        return .integer(abs(whole))
      }
      guard let real = value.real else {
        throw SVFTError(.data, "abs: expected a number, found \(value.kind)")
      }
      return .number(abs(real))
    },
    "round": { _, value, call throws(SVFTError) in try rounded(value, call) },
    "default": { _, value, call throws(SVFTError) in fallback(value, call) },
    "d": { _, value, call throws(SVFTError) in fallback(value, call) },
  ]

  private static func fallback(_ value: TemplateValue, _ call: TemplateCall) -> TemplateValue {
    let isMissing = call.flag(1, "boolean", default: false) ? !value.isTrue : value.isUndefined
    return isMissing ? call.value(0, "default_value") ?? .text([]) : value
  }

  /// Words begin behind white space, - and opening brackets.
  private static func titled(_ text: TemplateText) -> TemplateText {
    let openers = Set(TemplateText("-({[<"))
    var output: TemplateText = []
    var begins = true
    for character in text {
      let properties = character.scalar.properties
      output += TemplateText(
        begins ? properties.uppercaseMapping : properties.lowercaseMapping,
        origin: character.origin)
      begins = character.isSpace || openers.contains(character)
    }
    return output
  }

  private static func escaped(_ text: TemplateText) -> TemplateText {
    let names: [Unicode.Scalar: String] = [
      "&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&#34;", "'": "&#39;",
    ]
    return text.mapped { names[$0] ?? String($0) }
  }

  static func replaced(
    _ run: inout TemplateRun, _ value: TemplateValue, _ call: TemplateCall
  ) throws(SVFTError) -> TemplateValue {
    let text = value.printed
    let (old, new) = (call.value(0, "old")?.printed ?? [], call.value(1, "new")?.printed ?? [])
    let count = try call.int(2, "count", default: -1)
    let most = count < 0 ? Int.max : count
    // Nothing lies before each character and behind the last.
    let places = old.isEmpty ? Array(0...text.count) : text.places(of: old, most: most)
    var output: TemplateText = []
    var done = 0
    for place in places.prefix(most) {
      try run.spend(place - done + new.count)
      output += text[done..<place]
      output += new
      done = place + old.count
    }
    return .text(output + text[done...])
  }

  private static func indented(
    _ run: inout TemplateRun, _ text: TemplateText, _ call: TemplateCall
  ) throws(SVFTError) -> TemplateValue {
    var margin = TemplateText("    ")
    switch call.value(0, "width") {
    case .text(let given)?: margin = given
    case let width?:
      guard let count = width.whole, count <= 1_000 else {
        throw SVFTError(.data, "indent: expected a width of at most 1000, found \(width.kind)")
      }
      margin = TemplateText(String(repeating: " ", count: max(0, count)))
    case nil: break
    }
    let isFirst = call.flag(1, "first", default: false)
    let isBlank = call.flag(2, "blank", default: false)
    var lines = text.parts(TemplateText("\n"))
    try run.spend(lines.count, times: margin.count)
    for index in lines.indices where index > 0 || isFirst {
      if index == 0 || isBlank || !lines[index].isEmpty { lines[index] = margin + lines[index] }
    }
    return .text(TemplateText(lines.joined(separator: TemplateText("\n"))))
  }

  private static func json(
    _ run: inout TemplateRun, _ value: TemplateValue, _ call: TemplateCall
  ) throws(SVFTError) -> TemplateValue {
    var writer = TemplateJSON()
    writer.sortsKeys = call.flag(3, "sort_keys", default: false)
    writer.escapesAll = call.flag(0, "ensure_ascii", default: false)
    switch call.value(1, "indent") {
    case .text(let margin)?: writer.indent = margin
    case let width?:
      if let count = width.whole {
        let blanks = String(repeating: " ", count: max(0, min(count, 1_000)))
        writer.indent = TemplateText(blanks)
      }
    case nil: break
    }
    if writer.indent != nil { writer.between = TemplateText(",") }
    if case .list(let pair)? = call.value(2, "separators"), pair.items.count == 2 {
      writer.between = pair.items[0].printed
      writer.behindKey = pair.items[1].printed
    }
    // Every element may stand on a line of its own.
    let between = writer.between.count + writer.behindKey.count
    let (margins, isBeyond) = (writer.indent?.count ?? 0).multipliedReportingOverflow(
      by: value.depth + 1)
    try run.spend(value.nodes, times: isBeyond ? .max : margins + between)
    try writer.write(value)
    try run.spend(writer.output.count)
    return .text(writer.output)
  }

  private static func whole(
    _ value: TemplateValue, _ call: TemplateCall
  ) throws(SVFTError) -> TemplateValue {
    if let whole = value.whole { return .integer(whole) }
    let other = call.value(0, "default") ?? .integer(0)
    switch value {
    case .number(let real):
      return real.isNaN ? other : .integer(try TemplateArithmetic.truncated(real))
    case .text(let text):
      let base = try call.int(1, "base", default: 10)
      let digits = text.trimmed().string
      if 2...36 ~= base, let whole = Int(digits, radix: base) { return .integer(whole) }
      // Swift reads hexadecimal digits, Python does not.
      guard !digits.contains(where: { "xX".contains($0) }), let real = Double(digits),
        real.isFinite
      else { return other }
      return .integer(try TemplateArithmetic.truncated(real))
    default: return other
    }
  }

  private static func rounded(
    _ value: TemplateValue, _ call: TemplateCall
  ) throws(SVFTError) -> TemplateValue {
    guard let real = value.real else {
      throw SVFTError(.data, "round: expected a number, found \(value.kind)")
    }
    let digits = max(-300, min(300, try call.int(0, "precision", default: 0)))
    let method = try call.text(1, "method")?.string ?? "common"
    let rules: [String: FloatingPointRoundingRule] = [
      "common": .toNearestOrEven, "ceil": .up, "floor": .down,
    ]
    guard let rule = rules[method] else {
      throw SVFTError(.data, "round: expected common, ceil or floor, found “\(method.prefix(40))”")
    }
    if method == "common", value.whole != nil, digits >= 0 { return value }
    var power = 1.0
    for _ in 0..<abs(digits) { power *= 10 }
    let result =
      digits < 0 ? (real / power).rounded(rule) * power : (real * power).rounded(rule) / power
    return .number(result.isFinite ? result : real)
  }
}
