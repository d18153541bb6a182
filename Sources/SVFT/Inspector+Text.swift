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
    // What an adapter would take in other formats is no question anybody has.
    let isAdapter = object.has("configuration")
    for key in isAdapter ? ["formats"] : ["formats", "memory"] where object.has(key) {
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
      let spectrum = try tensor.has("spectrum") ? Self.spectrum(tensor.doubles("spectrum")) : ""
      lines.append(
        "  \(try tensor.string("type"))  \(shape)  \(try tensor.string("name"))\(spectrum)")
    }
    return lines.joined(separator: "\n")
  }

  /// The ends of falling singular values, and how many of them half of the energy is in.
  private static func spectrum(_ values: [Double]) -> String {
    guard let first = values.first, let last = values.last else { return "" }
    let energy = values.reduce(0) { $0 + $1 * $1 }
    var (count, sum) = (0, 0.0)
    while count < values.count, sum < energy / 2 {
      sum += values[count] * values[count]
      count += 1
    }
    return "  σ \(rounded(first)) … \(rounded(last)), half of the energy in \(count) of "
      + "\(values.count)"
  }

  /// A number of four digits after the point, small ones as they are.
  private static func rounded(_ value: Double) -> String {
    abs(value) < 1e-3 || abs(value) > 1e9 ? "\(value)" : "\((value * 1e4).rounded() / 1e4)"
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
