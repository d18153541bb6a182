// "{} {name.key[0]!r:>8}".format(values): places for values in the newer of Python's notations. A
// layout may have places itself, in which there are none.
//
// What is put in keeps its origin, as everywhere.
import SVFTTensor

extension TemplateRun {
  /// `text.format(…)`.
  mutating func format(
    _ text: TemplateText, _ call: TemplateCall
  ) throws(SVFTError) -> TemplateText {
    var automatic: Int? = 0
    return try format(text, call, &automatic, isInner: false)
  }

  /// `automatic` is the number of the next place without one, nil once places are numbered.
  private mutating func format(
    _ text: TemplateText, _ call: TemplateCall, _ automatic: inout Int?, isInner: Bool
  ) throws(SVFTError) -> TemplateText {
    var output: TemplateText = []
    var reader = FormatReader(text: text)
    while reader.next != nil {
      output += reader.through(["{", "}"])
      if reader.take("}") {
        guard reader.take("}") else { throw braces }
        output += TemplateText("}")
        continue
      }
      guard reader.take("{") else { break }
      if reader.take("{") {
        output += TemplateText("{")
        continue
      }
      let path = reader.through(["!", ":", "}", "{"])
      var value = try field(path.string, call, &automatic)
      if reader.take("!") {
        let how = reader.through([":", "}"]).string
        guard how == "s" || how == "r" else {
          throw SVFTError(.unsupported, "format: the conversion “!\(how.prefix(9))” is not known")
        }
        value = .text(how == "s" ? value.printed : value.represented)
      }
      var layout: TemplateText = []
      if reader.take(":") { layout = try inner(&reader, call, &automatic, isInner) }
      guard reader.take("}") else { throw braces }
      let piece = try laidOut(value, layout)
      try spend(piece.count)
      output += piece
    }
    return output
  }

  private var braces: SVFTError {
    SVFTError(.data, "format: expected braces in pairs, found a single one")
  }

  /// The layout of a field, in which fields may stand again.
  private mutating func inner(
    _ reader: inout FormatReader, _ call: TemplateCall, _ automatic: inout Int?, _ isInner: Bool
  ) throws(SVFTError) -> TemplateText {
    var layout: TemplateText = []
    while true {
      layout += reader.through(["{", "}"])
      guard reader.next == "{" else { return layout }
      let start = reader.place
      _ = reader.through(["}"])
      guard reader.take("}"), !isInner else { throw braces }
      let part = TemplateText(reader.text[start..<reader.place])
      layout += try format(part, call, &automatic, isInner: true)
    }
  }

  /// The value at "0.name[key]"; without a number or name, the next one.
  private func field(
    _ path: String, _ call: TemplateCall, _ automatic: inout Int?
  ) throws(SVFTError) -> TemplateValue {
    let head = path.prefix { $0 != "." && $0 != "[" }
    var rest = path.dropFirst(head.count)
    var value: TemplateValue
    if head.isEmpty || head.allSatisfy(\.isNumber) {
      guard let place = head.isEmpty ? automatic : Int(head), head.isEmpty || automatic ?? 0 == 0,
        place < call.positional.count
      else { throw SVFTError(.data, "format: expected a value for each place, found fewer") }
      automatic = head.isEmpty ? place + 1 : nil
      value = call.positional[place]
    } else {
      guard let named = call.named.last(where: { $0.name == head }) else {
        throw SVFTError(.data, "format: expected a value named “\(head.prefix(40))”, found none")
      }
      value = named.value
    }
    while let mark = rest.popFirst() {
      if mark == "[", let end = rest.firstIndex(of: "]") {
        let key = String(rest[..<end])
        value = try value.item(Int(key).map(TemplateValue.integer) ?? .spelled(key), in: self)
        rest = rest[rest.index(after: end)...]
      } else if mark == "." {
        let name = rest.prefix { $0 != "." && $0 != "[" }
        value = try value.attribute(String(name), in: self)
        rest = rest.dropFirst(name.count)
      } else {
        throw SVFTError(.data, "format: expected .name or [key] in “\(path.prefix(40))”")
      }
    }
    return value
  }

  private mutating func laidOut(
    _ value: TemplateValue, _ text: TemplateText
  ) throws(SVFTError) -> TemplateText {
    guard !text.isEmpty else { return value.printed }
    let layout = try TemplateRun.layout(text)
    try spend(layout.width + (layout.precision ?? 0))
    switch value {
    case .text(let text):
      guard layout.side != .behindSign || layout.fill.value == 0x30 else { break }
      var own = layout
      if own.side == .behindSign { own.side = .left }
      return try own.write(text)
    case .number(let real): return try layout.write(real)
    default:
      guard let whole = value.whole else { break }
      guard layout.precision == nil || layout.kind != nil,
        layout.kind != "d" || layout.precision == nil
      else { break }
      return try layout.write(whole)
    }
    throw SVFTError(.data, "format: expected a value that a layout suits, found \(value.kind)")
  }

  private static func layout(_ text: TemplateText) throws(SVFTError) -> TemplateLayout {
    let sides: [Unicode.Scalar: TemplateLayout.Side] = [
      "<": .left, ">": .right, "^": .centre, "=": .behindSign,
    ]
    var layout = TemplateLayout()
    var reader = FormatReader(text: text)
    var hasFill = false
    if text.count > 1, let side = sides[text[1].scalar] {
      (layout.fill, layout.side, hasFill) = (text[0], side, true)
      reader.place = 2
    } else if let side = sides[text[0].scalar] {
      layout.side = side
      reader.place = 1
    }
    for sign in ["+", "-", " "] as [Unicode.Scalar] where reader.take(sign) {
      layout.plus = sign == "-" ? "" : String(sign)
      break
    }
    layout.isAlternate = reader.take("#")
    if reader.next == "0", !hasFill {
      (layout.fill, layout.side) = (TemplateCharacter("0"), layout.side ?? .behindSign)
    }
    layout.width = try reader.number() ?? 0
    for mark in [",", "_"] as [Unicode.Scalar] where reader.take(mark) {
      layout.groups = String(mark)
      break
    }
    if reader.take(".") {
      guard let precision = try reader.number() else {
        throw SVFTError(.data, "format: expected a number behind the point of a layout")
      }
      layout.precision = precision
    }
    if let kind = reader.next {
      layout.kind = kind
      reader.place += 1
    }
    guard reader.next == nil else {
      throw SVFTError(.unsupported, "format: the layout “\(text.string.prefix(40))” is not known")
    }
    return layout
  }
}
