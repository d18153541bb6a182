// Writing, the same bytes for the same value: members in their order, doubles with the fewest
// digits that read back as the same double, only what must be escaped escaped. Infinite and
// undefined numbers have no JSON and are refused.
package import SVFTTensor

extension JSON {
  /// How a text is laid out.
  package enum Layout: Sendable {
    /// No space at all: one line, for JSON lines and headers.
    case compact
    /// Two spaces a level, one member a line, a line feed at the end: for people.
    case pretty
  }

  /// The JSON text of the value.
  ///
  /// `.nonFinite` where a number has none.
  package func text(_ layout: Layout = .compact) throws(SVFTError) -> String {
    var output: [UInt8] = []
    try write(to: &output, layout, depth: 0)
    if layout == .pretty { output.append(0x0A) }
    return String(decoding: output, as: UTF8.self)
  }

  /// Appends the text to `output`.
  package func write(to output: inout [UInt8], _ layout: Layout, depth: Int) throws(SVFTError) {
    guard depth <= Limits.jsonDepth else {
      throw SVFTError(.limit, "a JSON value nested more than \(Limits.jsonDepth) deep")
    }
    switch self {
    case .null: output.append(contentsOf: "null".utf8)
    case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
    case .integer(let value): output.append(contentsOf: value.description.utf8)
    case .unsigned(let value): output.append(contentsOf: value.description.utf8)
    case .number(let value):
      guard value.isFinite else {
        throw SVFTError(
          .nonFinite, "expected a finite number, JSON has no other, found \(value)")
      }
      output.append(contentsOf: value.description.utf8)
    case .string(let value): Self.quote(value, to: &output)
    case .array(let elements):
      let brackets = (UInt8(ascii: "["), UInt8(ascii: "]"))
      try Self.list(elements, brackets, to: &output, layout, depth) {
        (element, output) throws(SVFTError) in
        try element.write(to: &output, layout, depth: depth + 1)
      }
    case .object(let object):
      let brackets = (UInt8(ascii: "{"), UInt8(ascii: "}"))
      try Self.list(Array(object.members), brackets, to: &output, layout, depth) {
        (member, output) throws(SVFTError) in
        Self.quote(member.0, to: &output)
        output.append(contentsOf: (layout == .pretty ? ": " : ":").utf8)
        do throws(SVFTError) {
          try member.1.write(to: &output, layout, depth: depth + 1)
        } catch {
          throw error.kind == .nonFinite ? error.while(member.0) : error
        }
      }
    }
  }

  private static func list<Element>(
    _ elements: [Element], _ brackets: (UInt8, UInt8), to output: inout [UInt8],
    _ layout: Layout, _ depth: Int,
    _ write: (Element, inout [UInt8]) throws(SVFTError) -> Void
  ) throws(SVFTError) {
    output.append(brackets.0)
    for (number, element) in elements.enumerated() {
      if number > 0 { output.append(UInt8(ascii: ",")) }
      breakLine(&output, layout, depth + 1)
      try write(element, &output)
    }
    if !elements.isEmpty { breakLine(&output, layout, depth) }
    output.append(brackets.1)
  }

  private static func breakLine(_ output: inout [UInt8], _ layout: Layout, _ depth: Int) {
    guard layout == .pretty else { return }
    output.append(0x0A)
    for _ in 0..<2 * depth { output.append(0x20) }
  }

  private static func quote(_ text: String, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
      case 0x0A: output.append(contentsOf: "\\n".utf8)
      case 0x0D: output.append(contentsOf: "\\r".utf8)
      case 0x09: output.append(contentsOf: "\\t".utf8)
      case 0..<0x20:
        let digits = Array("0123456789abcdef".utf8)
        output.append(contentsOf: "\\u00".utf8)
        output += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }
}
