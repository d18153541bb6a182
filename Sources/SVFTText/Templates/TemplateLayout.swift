// How a value is laid out in a field, after Python's two notations for it, "%08.3f" and "{:>8,}":
//
//   [[fill]align][sign][#][0][width][,][.precision][kind]
//
// What Python has of this and no template needs (precision without a kind, groups among padding
// zeros) is an error. Digits come from the C library, in the C locale whatever the host's is.
import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The layout of one field.
struct TemplateLayout {
  /// Where the blanks stand.
  enum Side { case left, right, centre, behindSign }

  var fill = TemplateCharacter(" ")
  /// Where the value stands; nil for a kind's own side: texts left, numbers right.
  var side: Side?
  /// What stands before a number that is not negative, if anything.
  var plus = ""
  var isAlternate = false
  var width = 0
  var groups = ""
  var precision: Int?
  /// A letter of Python's; nil for the value's own.
  var kind: Unicode.Scalar?

  private static let floats: Set<Unicode.Scalar> = ["e", "E", "f", "F", "g", "G", "%"]
  private static let bases: [Unicode.Scalar: (radix: Int, sign: String)] = [
    "d": (10, ""), "x": (16, "0x"), "X": (16, "0X"), "o": (8, "0o"), "b": (2, "0b"),
  ]

  /// A whole number in its kind's base.
  func write(_ number: Int) throws(SVFTError) -> TemplateText {
    if let kind, Self.floats.contains(kind) { return try write(Double(number)) }
    guard let (radix, sign) = Self.bases[kind ?? "d"] else { throw wrong("whole numbers") }
    var digits = String(number.magnitude, radix: radix, uppercase: kind == "X")
    if let precision { digits = padded(digits, precision) }
    return try placed(number < 0, isAlternate ? sign : "", digits)
  }

  /// A number with a broken part.
  func write(_ number: Double) throws(SVFTError) -> TemplateText {
    guard let kind, Self.floats.contains(kind) else {
      guard kind == nil, precision == nil else { throw wrong("numbers with a broken part") }
      let digits = TemplateValue.number(number.magnitude).printed.string
      return try placed(number.sign == .minus, "", digits)
    }
    let isShare = kind == "%"
    let value = isShare ? number * 100 : number
    let letter = isShare ? "f" : String(kind)
    let digits = Self.digits(
      "%\(isAlternate ? "#" : "").*\(letter)", precision ?? 6, value.magnitude)
    return try placed(value.sign == .minus && !value.isNaN, "", digits + (isShare ? "%" : ""))
  }

  /// A text, cut to the precision.
  func write(_ text: TemplateText) throws(SVFTError) -> TemplateText {
    guard kind == nil || kind == "s" else { throw wrong("strings") }
    return filled([], TemplateText(text.prefix(precision ?? .max)), side ?? .left)
  }

  /// A text between blanks.
  static func placed(
    _ text: TemplateText, _ side: Side, width: Int, fill: TemplateCharacter
  ) -> TemplateText {
    var layout = TemplateLayout()
    (layout.fill, layout.width) = (fill, width)
    return layout.filled([], text, side)
  }

  private func placed(
    _ isNegative: Bool, _ mark: String, _ digits: String
  ) throws(SVFTError) -> TemplateText {
    let sign = (isNegative ? "-" : plus) + mark
    let grouped = grouped(digits)
    let isShort = sign.utf8.count + grouped.utf8.count < width
    guard groups.isEmpty || side != .behindSign || !isShort else {
      throw SVFTError(.unsupported, "groups of digits among padding zeros are not known")
    }
    return filled(TemplateText(sign), TemplateText(grouped), side ?? .right)
  }

  private func filled(_ sign: TemplateText, _ text: TemplateText, _ side: Side) -> TemplateText {
    let missing = max(0, width - sign.count - text.count)
    func blanks(_ count: Int) -> TemplateText { TemplateText(repeating: fill, count: count) }
    switch side {
    case .left: return sign + text + blanks(missing)
    case .right: return blanks(missing) + sign + text
    case .centre: return blanks(missing / 2) + sign + text + blanks(missing - missing / 2)
    case .behindSign: return sign + blanks(missing) + text
    }
  }

  private func padded(_ digits: String, _ count: Int) -> String {
    String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
  }

  private func grouped(_ digits: String) -> String {
    guard !groups.isEmpty else { return digits }
    let whole = Array(digits.prefix { $0.isNumber })
    var output = ""
    for (index, digit) in whole.enumerated() {
      if index > 0, (whole.count - index) % 3 == 0 { output += groups }
      output.append(digit)
    }
    return output + digits.dropFirst(whole.count)
  }

  private func wrong(_ values: String) -> SVFTError {
    let shown = kind.map { "“\($0)”" } ?? "a precision"
    return SVFTError(.unsupported, "the layout \(shown) of \(values) is not known")
  }

  private static func digits(_ form: String, _ precision: Int, _ value: Double) -> String {
    let plain = newlocale(1 << LC_NUMERIC, "C", nil)
    let before = plain.map { uselocale($0) }
    defer {
      if let before { uselocale(before) }
      if let plain { freelocale(plain) }
    }
    let arguments: [any CVarArg] = [Int32(clamping: precision), value]
    let count = Int(withVaList(arguments) { vsnprintf(nil, 0, form, $0) })
    var bytes = [CChar](repeating: 0, count: max(0, count) + 1)
    _ = withVaList(arguments) { vsnprintf(&bytes, bytes.count, form, $0) }
    return String(decoding: bytes.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
