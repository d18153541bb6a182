// "%(name)-8.3f %s" % values: places for values in the older of Python's notations.
//
//   %[(name)][-+ #0][width][.precision]kind     * stands for a number out of the values
//
// What is put in keeps its origin, as everywhere.
import SVFTTensor

extension TemplateRun {
  /// `text % values`.
  mutating func format(
    _ text: TemplateText, percent values: TemplateValue
  ) throws(SVFTError) -> TemplateText {
    var given = [values]
    if case .list(let list) = values, list.isTuple { given = list.items }
    var used = 0
    var isNamed = false
    func take() throws(SVFTError) -> TemplateValue {
      guard used < given.count else {
        throw SVFTError(.data, "%: expected a value for each place, found \(given.count)")
      }
      used += 1
      return given[used - 1]
    }
    var output: TemplateText = []
    var reader = FormatReader(text: text)
    while reader.next != nil {
      output += reader.through(["%"])
      guard reader.take("%") else { break }
      var named: TemplateValue?
      if reader.take("(") {
        let name = reader.through([")"])
        guard reader.take(")"), case .dict(let dict) = values, let value = dict[.text(name)] else {
          throw SVFTError(.data, "%: expected a mapping with “\(name.string.prefix(40))”")
        }
        (named, isNamed) = (value, true)
      }
      var layout = try percentFlags(&reader, take)
      guard let kind = reader.next else {
        throw SVFTError(.data, "%: expected a kind behind the sign, found the end")
      }
      reader.place += 1
      if kind == "%" {
        output += TemplateText("%")
        continue
      }
      let value = if let named { named } else { try take() }
      try spend(layout.width + (layout.precision ?? 0))
      let piece = try percent(value, kind, &layout)
      try spend(piece.count)
      output += piece
    }
    if case .dict = values { isNamed = true }
    guard isNamed || used == given.count else {
      throw SVFTError(.data, "%: expected \(used) values, found \(given.count)")
    }
    return output
  }

  private func percentFlags(
    _ reader: inout FormatReader, _ take: () throws(SVFTError) -> TemplateValue
  ) throws(SVFTError) -> TemplateLayout {
    var layout = TemplateLayout()
    layout.side = .right
    var (isLeft, hasZeros) = (false, false)
    flags: while let flag = reader.next {
      switch flag {
      case "-": isLeft = true
      case "+": layout.plus = "+"
      case " ": if layout.plus.isEmpty { layout.plus = " " }
      case "0": hasZeros = true
      case "#": layout.isAlternate = true
      default: break flags
      }
      reader.place += 1
    }
    func number() throws(SVFTError) -> Int? {
      guard reader.take("*") else { return try reader.number() }
      guard let whole = try take().whole, abs(whole.clamped) < 10_000_000 else {
        throw SVFTError(.data, "%: expected a width of at most seven digits for *")
      }
      return whole
    }
    if let width = try number() {
      layout.width = abs(width)
      isLeft = isLeft || width < 0
    }
    if reader.take(".") { layout.precision = max(0, try number() ?? 0) }
    if isLeft { layout.side = .left } else if hasZeros { layout.side = .behindSign }
    return layout
  }

  private func percent(
    _ value: TemplateValue, _ kind: Unicode.Scalar, _ layout: inout TemplateLayout
  ) throws(SVFTError) -> TemplateText {
    if layout.side == .behindSign { layout.fill = TemplateCharacter("0") }
    switch kind {
    case "s", "r":
      if layout.side == .behindSign { (layout.side, layout.fill) = (.right, .init(" ")) }
      return try layout.write(kind == "s" ? value.printed : value.represented)
    case "d", "i", "u":
      layout.kind = "d"
      return try layout.write(try truncated(value))
    case "x", "X", "o":
      layout.kind = kind
      guard let whole = value.whole else { throw notNumber(kind, value) }
      return try layout.write(whole)
    case "e", "E", "f", "F", "g", "G":
      layout.kind = kind
      guard let real = value.real else { throw notNumber(kind, value) }
      return try layout.write(real)
    case "c":
      layout.side = layout.side == .left ? .left : .right
      layout.fill = TemplateCharacter(" ")
      if case .text(let text) = value, text.count == 1 { return try layout.write(text) }
      guard let scalar = value.whole.flatMap({ UInt32(exactly: $0) }).flatMap(Unicode.Scalar.init)
      else { throw notNumber(kind, value) }
      return try layout.write([TemplateCharacter(scalar)])
    default: throw SVFTError(.unsupported, "the layout “%\(kind)” is not known")
    }
  }

  private func truncated(_ value: TemplateValue) throws(SVFTError) -> Int {
    if let whole = value.whole { return whole }
    guard let real = value.real else { throw notNumber("d", value) }
    return try TemplateArithmetic.truncated(real)
  }

  private func notNumber(_ kind: Unicode.Scalar, _ value: TemplateValue) -> SVFTError {
    SVFTError(.data, "%\(kind): expected a number, found \(value.kind)")
  }
}

extension Int {
  /// The number, moved to where its magnitude can be taken.
  fileprivate var clamped: Int { Swift.max(self, -Int.max) }
}
