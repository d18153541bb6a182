// The functions that every template knows.
import SVFTTensor

extension TemplateRun {
  /// The names that are functions where nobody has set them.
  static let functions: Set<String> = [
    "range", "dict", "namespace", "raise_exception", "strftime_now", "cycler", "joiner", "lipsum",
  ]

  mutating func call(
    function name: String, _ call: TemplateCall
  ) throws(SVFTError) -> TemplateValue {
    switch name {
    case "range": return try range(call)
    case "dict":
      var dict = TemplateDict()
      if case .dict(let first) = call.positional.first { dict = first }
      for (key, value) in call.named { try dict.set(.text(TemplateText(key)), value) }
      return .dict(dict)
    case "namespace":
      var members: [String: TemplateValue] = [:]
      if case .dict(let first) = call.positional.first {
        for (key, value) in first.pairs { members[key.value.printed.string] = value }
      }
      for (key, value) in call.named { members[key] = value }
      namespaces.append(members)
      return .namespace(namespaces.count - 1)
    case "raise_exception":
      throw SVFTError(.data, call.positional.first?.printed.string ?? "the template refuses")
    case "strftime_now":
      guard let now else { break }
      let format = try call.required(0, "format").string
      return .spelled(try TemplateMoment(seconds: now).written(format))
    default: break
    }
    throw SVFTError(.unsupported, "the function “\(name)” is not known")
  }

  private mutating func range(_ call: TemplateCall) throws(SVFTError) -> TemplateValue {
    let bounds = call.positional.compactMap(\.whole)
    guard bounds.count == call.positional.count, 1...3 ~= bounds.count else {
      throw SVFTError(.data, "range: expected one to three whole numbers, found something else")
    }
    let start = bounds.count == 1 ? 0 : bounds[0]
    let end = bounds.count == 1 ? bounds[0] : bounds[1]
    let step = bounds.count == 3 ? bounds[2] : 1
    guard step != 0 else { throw SVFTError(.data, "range: expected a step other than 0") }
    var items: [TemplateValue] = []
    for number in stride(from: start, to: end, by: step) {
      try spend()
      items.append(.integer(number))
    }
    return try .list(of: items)
  }
}
