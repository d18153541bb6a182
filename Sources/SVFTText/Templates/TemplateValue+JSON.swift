// Values as JSON, byte for byte as Python's `json.dumps(…, ensure_ascii=False)` writes them, which
// is what chat templates put tools and arguments into a conversation with.
import SVFTTensor

/// How a JSON text is laid out.
struct TemplateJSON {
  /// Blanks (or any text) for each level; nil for one line.
  var indent: TemplateText?
  var between = TemplateText(", ")
  var behindKey = TemplateText(": ")
  var sortsKeys = false
  var escapesAll = false

  private(set) var output: TemplateText = []

  /// Appends a value. Throws `.data` for one that has no JSON.
  mutating func write(_ value: TemplateValue, level: Int = 0) throws(SVFTError) {
    switch value {
    case .none: put("null")
    case .bool(let flag): put(flag ? "true" : "false")
    case .integer(let number): put(number.description)
    case .number(let number):
      put(
        number.isNaN
          ? "NaN"
          : number.isInfinite
            ? number < 0 ? "-Infinity" : "Infinity"
            : number.description)
    case .text(let text): quote(text)
    case .list(let list):
      put("[")
      for (index, item) in list.items.enumerated() {
        separate(index, level + 1)
        try write(item, level: level + 1)
      }
      if !list.items.isEmpty { breakLine(level) }
      put("]")
    case .dict(let dict):
      put("{")
      for (index, (key, item)) in try members(dict).enumerated() {
        separate(index, level + 1)
        quote(key)
        output += behindKey
        try write(item, level: level + 1)
      }
      if dict.count > 0 { breakLine(level) }
      put("}")
    default: throw SVFTError(.data, "tojson: expected a value that JSON has, found \(value.kind)")
    }
  }

  private func members(
    _ dict: TemplateDict
  ) throws(SVFTError) -> [(key: TemplateText, value: TemplateValue)] {
    let members = dict.pairs.map { key, value in
      switch key {
      case .none: (key: TemplateText("null"), value: value)
      case .integer(let number): (key: TemplateText(number.description), value: value)
      case .text(let text): (key: text, value: value)
      }
    }
    guard sortsKeys else { return members }
    return members.sorted { a, b in
      a.key.lexicographicallyPrecedes(b.key) { $0.value < $1.value }
    }
  }

  private mutating func put(_ text: String) { output += TemplateText(text) }

  private mutating func separate(_ index: Int, _ level: Int) {
    if index > 0 { output += between }
    breakLine(level)
  }

  private mutating func breakLine(_ level: Int) {
    guard let indent else { return }
    put("\n")
    for _ in 0..<level { output += indent }
  }

  private mutating func quote(_ text: TemplateText) {
    put("\"")
    for character in text {
      let escaped: String
      switch character.value {
      case 0x22: escaped = "\\\""
      case 0x5C: escaped = "\\\\"
      case 0x0A: escaped = "\\n"
      case 0x0D: escaped = "\\r"
      case 0x09: escaped = "\\t"
      case 0x08: escaped = "\\b"
      case 0x0C: escaped = "\\f"
      case 0..<0x20: escaped = Self.unit(UInt16(truncatingIfNeeded: character.value))
      case 0x7F... where escapesAll:
        escaped = String(character.scalar).utf16.map(Self.unit).joined()
      default:
        output.append(character)
        continue
      }
      output += TemplateText(escaped, origin: character.origin)
    }
    put("\"")
  }

  /// One unit of UTF-16 as \uXXXX.
  private static func unit(_ value: UInt16) -> String {
    let digits = String(value, radix: 16)
    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
  }
}
