// An inspection for people: what the JSON report says, in a screen.
import SVFTFormats
public import SVFTTensor

extension Inspector {
  /// The report of `inspect` as text: sizes and formats first, then one line per tensor.
  public static func text(of report: String) throws(SVFTError) -> String {
    let object = try JSON.parse(report).root("the report")
    var lines: [String] = []
    for key in ["kind", "path", "family", "container", "problem"] where object.has(key) {
      let value = try object.string(key)
      if !value.isEmpty { lines.append("\(key): \(value)") }
    }
    lines.append("parameters: \(try object.int("parameters"))")
    lines.append("bytes: \(try object.int("bytes"))")
    for key in ["formats", "memory"] where object.has(key) {
      let members = try object.object(key).members.map { "\($0.0) \(shown($0.1))" }
      lines.append("\(key): \(members.joined(separator: ", "))")
    }
    for key in ["config", "configuration", "metadata"] where object.has(key) {
      lines.append("\(key):")
      for (name, value) in try object.object(key).members {
        lines.append("  \(name) = \(shown(value))")
      }
    }
    lines.append("tensors:")
    for tensor in try object.objects("tensors") {
      let shape = try tensor.ints("shape").map(String.init).joined(separator: " × ")
      lines.append("  \(try tensor.string("type"))  \(shape)  \(try tensor.string("name"))")
    }
    return lines.joined(separator: "\n")
  }

  /// A value on one line, long ones cut.
  private static func shown(_ value: JSON) -> String {
    let text: String
    switch value {
    case .string(let string): text = string
    default: text = (try? value.text(.compact)) ?? ""
    }
    return text.count > 100 ? "\(text.prefix(97))…" : text
  }
}
