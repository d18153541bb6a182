// The functions that every template knows, and the methods of strings.
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

  typealias TextMethod =
    @Sendable (inout TemplateRun, TemplateText, TemplateCall) throws(SVFTError) -> TemplateValue

  mutating func method(
    of text: TemplateText, _ call: TemplateCall
  ) throws(SVFTError) -> TemplateValue {
    guard let method = Self.textMethods[call.name] else {
      throw SVFTError(.unsupported, "the method “\(call.name)” of strings is not known")
    }
    let result = try method(&self, text, call)
    try spend(result.extent)
    return result
  }

  /// The methods of strings.
  static let textMethods: [String: TextMethod] = [
    "strip": { _, text, call throws(SVFTError) in .text(text.trimmed(try call.text(0, "chars"))) },
    "lstrip": { _, text, call throws(SVFTError) in
      .text(text.trimmed(try call.text(0, "chars"), right: false))
    },
    "rstrip": { _, text, call throws(SVFTError) in
      .text(text.trimmed(try call.text(0, "chars"), left: false))
    },
    "removeprefix": { _, text, call throws(SVFTError) in
      let prefix = try call.required(0, "prefix")
      return .text(text.starts(with: prefix) ? TemplateText(text.dropFirst(prefix.count)) : text)
    },
    "removesuffix": { _, text, call throws(SVFTError) in
      let suffix = try call.required(0, "suffix")
      let isThere = text.reversed().starts(with: suffix.reversed())
      return .text(isThere ? TemplateText(text.dropLast(suffix.count)) : text)
    },
    "split": { _, text, call throws(SVFTError) in try split(text, call, fromRight: false) },
    "rsplit": { _, text, call throws(SVFTError) in try split(text, call, fromRight: true) },
    "splitlines": { _, text, _ throws(SVFTError) in
      var lines = text.parts(TemplateText("\n"))
      if lines.last?.isEmpty ?? false { lines.removeLast() }
      return try .list(of: lines.map(TemplateValue.text))
    },
    "startswith": { _, text, call throws(SVFTError) in
      .bool(try affixes(call).contains { text.starts(with: $0) })
    },
    "endswith": { _, text, call throws(SVFTError) in
      .bool(try affixes(call).contains { text.reversed().starts(with: $0.reversed()) })
    },
    "upper": { _, text, _ throws(SVFTError) in .text(text.upper) },
    "lower": { _, text, _ throws(SVFTError) in .text(text.lower) },
    "title": { _, text, _ throws(SVFTError) in .text(text.titled) },
    "capitalize": { _, text, _ throws(SVFTError) in .text(text.capitalized) },
    "replace": { run, text, call throws(SVFTError) in
      try TemplateFilters.replaced(&run, .text(text), call)
    },
    "join": { run, text, call throws(SVFTError) in
      try TemplateFilters.joined(&run, call.value(0, "iterable") ?? .none, text)
    },
    "find": { _, text, call throws(SVFTError) in
      let part = try call.required(0, "sub")
      return .integer(part.isEmpty ? 0 : text.places(of: part, most: 1).first ?? -1)
    },
    "rfind": { _, text, call throws(SVFTError) in
      let part = TemplateText(try call.required(0, "sub").reversed())
      let place = TemplateText(text.reversed()).places(of: part, most: 1).first
      return .integer(part.isEmpty ? text.count : place.map { text.count - $0 - part.count } ?? -1)
    },
    "count": { _, text, call throws(SVFTError) in
      let part = try call.required(0, "sub")
      return .integer(part.isEmpty ? text.count + 1 : text.places(of: part).count)
    },
    "isdigit": { _, text, _ throws(SVFTError) in
      .bool(!text.isEmpty && text.allSatisfy { $0.scalar.properties.numericType == .decimal })
    },
    "isspace": { _, text, _ throws(SVFTError) in
      .bool(!text.isEmpty && text.allSatisfy(\.isSpace))
    },
    "isalpha": { _, text, _ throws(SVFTError) in
      .bool(!text.isEmpty && text.allSatisfy(\.isLetter))
    },
    "isupper": { _, text, _ throws(SVFTError) in .bool(text != text.lower && text == text.upper) },
    "islower": { _, text, _ throws(SVFTError) in .bool(text != text.upper && text == text.lower) },
  ]

  /// One text or a tuple of them.
  private static func affixes(_ call: TemplateCall) throws(SVFTError) -> [TemplateText] {
    guard case .list(let list) = call.positional.first else {
      return [try call.required(0, "prefix")]
    }
    return list.items.compactMap { if case .text(let text) = $0 { text } else { nil } }
  }

  private static func split(
    _ text: TemplateText, _ call: TemplateCall, fromRight: Bool
  ) throws(SVFTError) -> TemplateValue {
    let limit = try call.int(1, "maxsplit", default: -1)
    let most = limit < 0 ? Int.max : limit
    func turned(_ text: TemplateText) -> TemplateText {
      fromRight ? TemplateText(text.reversed()) : text
    }
    var parts: [TemplateText]
    if let separator = try call.text(0, "sep") {
      guard !separator.isEmpty else {
        throw SVFTError(.data, "split: expected a separator, found an empty one")
      }
      parts = turned(text).parts(turned(separator), most: most)
    } else {
      parts = words(turned(text), most: most)
    }
    if fromRight { parts = parts.reversed().map(turned) }
    return try .list(of: parts.map(TemplateValue.text))
  }

  /// The words between white space; beyond `most` cuts the rest stays as it is.
  private static func words(_ text: TemplateText, most: Int) -> [TemplateText] {
    var words: [TemplateText] = []
    var start = text.firstIndex { !$0.isSpace }
    while let begin = start {
      if words.count == most {
        words.append(TemplateText(text[begin...]))
        break
      }
      let end = text[begin...].firstIndex(where: \.isSpace) ?? text.count
      words.append(TemplateText(text[begin..<end]))
      start = text[end...].firstIndex { !$0.isSpace }
    }
    return words
  }
}

extension TemplateCharacter {
  var isLetter: Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }
}

extension TemplateText {
  var upper: TemplateText { mapped(\.properties.uppercaseMapping) }
  var lower: TemplateText { mapped(\.properties.lowercaseMapping) }

  /// The first letter large, the others small.
  var capitalized: TemplateText {
    TemplateText(prefix(1)).mapped(\.properties.titlecaseMapping) + TemplateText(dropFirst()).lower
  }

  /// Every letter behind none large, the others small: Python's `str.title`.
  var titled: TemplateText {
    var output: TemplateText = []
    var isInside = false
    for character in self {
      let properties = character.scalar.properties
      let text = isInside ? properties.lowercaseMapping : properties.titlecaseMapping
      output += TemplateText(text, origin: character.origin)
      isInside = properties.isCased
    }
    return output
  }
}
