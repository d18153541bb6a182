// An inspection for people: what the JSON report says, in a screen.
import SVFTFormats
public import SVFTTensor

extension Inspector {
  /// The report of `inspect` as text: sizes and formats first, then one line per tensor; or that
  /// of `Adapter.describe`, with one line per module.
  public static func text(of report: String) throws(SVFTError) -> String {
    let object = try JSON.parse(report).root("the report")
    if object.has("method") { return try adapterText(object) }
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
    if object.has("unused_tensors") {
      lines.append("nothing is computed with:")
      lines += try object.strings("unused_tensors").map { "  \($0)" }
    }
    lines.append("tensors:")
    for tensor in try object.objects("tensors") {
      let shape = try tensor.ints("shape").map(String.init).joined(separator: " × ")
      lines.append("  \(try tensor.string("type"))  \(shape)  \(try tensor.string("name"))")
    }
    return lines.joined(separator: "\n")
  }

  /// An attached adapter: how each module is computed, where there is a choice.
  private static func adapterText(_ object: JSON.Object) throws(SVFTError) -> String {
    var lines = ["method", "scale", "trainable"].map { "\($0): \(shown(object[$0] ?? .null))" }
    guard object.has("plan") else {
      return (lines + ["modules:"] + (try object.strings("modules")).map { "  \($0)" })
        .joined(separator: "\n")
    }
    lines.append("modules, with what a token costs by a product with W alone:")
    for (name, part) in try object.object("plan").members {
      let part = try part.root(name)
      func form(_ key: String, _ cost: String) throws(SVFTError) -> String {
        "\(try part.string(key)) \(shown(part[cost] ?? .null))"
      }
      lines.append(
        "  \(name): \(try part.int("cells")) cells over \(try part.int("directions")) directions; "
          + "\(try form("form", "inference_cost")), "
          + "training \(try form("training_form", "training_cost")); \(try vectors(part))")
    }
    return lines.joined(separator: "\n")
  }

  /// What a module keeps of its singular vectors.
  private static func vectors(_ part: JSON.Object) throws(SVFTError) -> String {
    let size = Double(try part.int("factor_bytes")) / 1024
    var text = "\((size * 10).rounded() / 10) KiB of vectors"
    if part.has("factors") {
      let (format, exact) = (try part.string("factors"), try part.int("exact_directions"))
      text += " in \(format)" + (format == "f32" ? "" : ", \(exact) of them exact")
    }
    let left = try part.int("left_out", default: 0)
    return left == 0 ? text : text + ", \(left) directions left out"
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
