// The methods of strings, by name, after Python's.
import SVFTTensor

extension TemplateRun {
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
  static let textMethods: [String: TextMethod] = [cuts, changes, places, kinds, fields].reduce(
    into: [:]) { $0.merge($1) { $1 } }

  private static let cuts: [String: TextMethod] = [
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
    "splitlines": { _, text, call throws(SVFTError) in
      try .list(of: lines(text, keeps: call.flag(0, "keepends", default: false)))
    },
    "partition": { _, text, call throws(SVFTError) in
      try partition(text, call, fromRight: false)
    },
    "rpartition": { _, text, call throws(SVFTError) in try partition(text, call, fromRight: true) },
    "startswith": { _, text, call throws(SVFTError) in
      let part = try window(text, call)
      return .bool(try affixes(call).contains { part.starts(with: $0) })
    },
    "endswith": { _, text, call throws(SVFTError) in
      let part = try window(text, call)
      return .bool(try affixes(call).contains { part.reversed().starts(with: $0.reversed()) })
    },
  ]

  private static let changes: [String: TextMethod] = [
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
    "swapcase": { _, text, _ throws(SVFTError) in .text(text.swapped) },
  ]

  private static let places: [String: TextMethod] = [
    "find": { _, text, call throws(SVFTError) in
      .integer(try place(in: text, call, fromRight: false) ?? -1)
    },
    "rfind": { _, text, call throws(SVFTError) in
      .integer(try place(in: text, call, fromRight: true) ?? -1)
    },
    "index": { _, text, call throws(SVFTError) in
      .integer(try found(place(in: text, call, fromRight: false), call))
    },
    "rindex": { _, text, call throws(SVFTError) in
      .integer(try found(place(in: text, call, fromRight: true), call))
    },
    "count": { _, text, call throws(SVFTError) in
      let sub = try call.required(0, "sub")
      let part = TemplateText(try window(text, call))
      return .integer(sub.isEmpty ? part.count + 1 : part.places(of: sub).count)
    },
  ]

  private static let kinds: [String: TextMethod] = [
    "isdigit": { _, text, _ throws(SVFTError) in
      .bool(
        !text.isEmpty
          && text.allSatisfy {
            [.decimal, .digit].contains($0.scalar.properties.numericType)
          })
    },
    "isspace": { _, text, _ throws(SVFTError) in
      .bool(!text.isEmpty && text.allSatisfy(\.isSpace))
    },
    "isalpha": { _, text, _ throws(SVFTError) in
      .bool(!text.isEmpty && text.allSatisfy(\.isLetter))
    },
    "isupper": { _, text, _ throws(SVFTError) in .bool(text != text.lower && text == text.upper) },
    "islower": { _, text, _ throws(SVFTError) in .bool(text != text.upper && text == text.lower) },
    "isdecimal": { _, text, _ throws(SVFTError) in
      .bool(!text.isEmpty && text.allSatisfy { $0.scalar.properties.numericType == .decimal })
    },
    "isnumeric": { _, text, _ throws(SVFTError) in
      .bool(!text.isEmpty && text.allSatisfy { $0.scalar.properties.numericType != nil })
    },
    "isalnum": { _, text, _ throws(SVFTError) in
      .bool(!text.isEmpty && text.allSatisfy(\.isWord))
    },
  ]

  private static let fields: [String: TextMethod] = [
    "format": { run, text, call throws(SVFTError) in .text(try run.format(text, call)) },
    "center": { run, text, call throws(SVFTError) in try run.placed(text, call, .centre) },
    "ljust": { run, text, call throws(SVFTError) in try run.placed(text, call, .left) },
    "rjust": { run, text, call throws(SVFTError) in try run.placed(text, call, .right) },
    "zfill": { run, text, call throws(SVFTError) in
      let width = try run.width(call)
      let hasSign = text.first.map { $0.value == 0x2B || $0.value == 0x2D } ?? false
      let digits = TemplateText(text.dropFirst(hasSign ? 1 : 0))
      let sign = TemplateText(text.prefix(hasSign ? 1 : 0))
      return .text(
        sign
          + TemplateLayout.placed(
            digits, .right, width: width - sign.count, fill: TemplateCharacter("0")))
    },
  ]

  /// The width that a call asks for, paid for.
  private mutating func width(_ call: TemplateCall) throws(SVFTError) -> Int {
    guard let width = call.value(0, "width")?.whole else {
      throw SVFTError(.data, "\(call.name): expected a whole number as width, found none")
    }
    try spend(width)
    return max(0, width)
  }

  private mutating func placed(
    _ text: TemplateText, _ call: TemplateCall, _ side: TemplateLayout.Side
  ) throws(SVFTError) -> TemplateValue {
    let width = try width(call)
    let fill = try call.text(1, "fillchar") ?? TemplateText(" ")
    guard let first = fill.first, fill.count == 1 else {
      throw SVFTError(.data, "\(call.name): expected one character to fill, found \(fill.count)")
    }
    guard side == .centre else {
      return .text(TemplateLayout.placed(text, side, width: width, fill: first))
    }
    return .text(text.centred(width, fill: first))
  }

  /// The part between the second and third argument.
  private static func window(
    _ text: TemplateText, _ call: TemplateCall
  ) throws(SVFTError) -> ArraySlice<TemplateCharacter> {
    func bound(_ place: Int, _ key: String, _ other: Int) throws(SVFTError) -> Int {
      if case .none? = call.value(place, key) { return other }
      let given = try call.int(place, key, default: other)
      return max(0, min(text.count, given < 0 ? max(given, -text.count) + text.count : given))
    }
    let (start, end) = (try bound(1, "start", 0), try bound(2, "end", text.count))
    return text[start..<max(start, end)]
  }

  private static func place(
    in text: TemplateText, _ call: TemplateCall, fromRight: Bool
  ) throws(SVFTError) -> Int? {
    let sub = try call.required(0, "sub")
    let part = try window(text, call)
    if sub.isEmpty { return fromRight ? part.endIndex : part.startIndex }
    guard fromRight else {
      return TemplateText(part).places(of: sub, most: 1).first.map { $0 + part.startIndex }
    }
    let turned = TemplateText(part.reversed())
    return turned.places(of: TemplateText(sub.reversed()), most: 1).first.map {
      part.endIndex - $0 - sub.count
    }
  }

  private static func found(_ place: Int?, _ call: TemplateCall) throws(SVFTError) -> Int {
    guard let place else {
      throw SVFTError(.data, "\(call.name): expected the part in the string, found it nowhere")
    }
    return place
  }

  private static func partition(
    _ text: TemplateText, _ call: TemplateCall, fromRight: Bool
  ) throws(SVFTError) -> TemplateValue {
    let separator = try call.required(0, "sep")
    guard !separator.isEmpty else {
      throw SVFTError(.data, "\(call.name): expected a separator, found an empty one")
    }
    let whole = TemplateCall(name: call.name, positional: [.text(separator)])
    var parts: [TemplateText] = fromRight ? [[], [], text] : [text, [], []]
    if let place = try place(in: text, whole, fromRight: fromRight) {
      let end = place + separator.count
      parts = [TemplateText(text[..<place]), separator, TemplateText(text[end...])]
    }
    return try .tuple(of: parts.map(TemplateValue.text))
  }

  /// The lines of a text; \r\n ends one, not two.
  private static func lines(
    _ text: TemplateText, keeps: Bool
  ) throws(SVFTError) -> [TemplateValue] {
    var lines: [TemplateValue] = []
    var start = 0
    while start < text.count {
      let stop = text[start...].firstIndex(where: \.endsLine) ?? text.count
      var next = min(stop + 1, text.count)
      if next < text.count, text[stop].value == 0x0D, text[next].value == 0x0A { next += 1 }
      lines.append(.text(TemplateText(text[start..<(keeps ? next : stop)])))
      start = next
    }
    return lines
  }

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
  /// Whether a line ends with it.
  fileprivate var endsLine: Bool {
    switch value {
    case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }

  /// Letters and numbers.
  var isWord: Bool { isLetter || scalar.properties.numericType != nil }

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

  /// Large letters small, small ones large.
  var swapped: TemplateText {
    flatMap { character in
      let properties = character.scalar.properties
      let text = properties.isLowercase ? properties.uppercaseMapping : properties.lowercaseMapping
      return TemplateText(text, origin: character.origin)
    }
  }

  /// The text in the middle of `width`; of an odd number of blanks Python's side has one more.
  func centred(_ width: Int, fill: TemplateCharacter) -> TemplateText {
    let missing = Swift.max(0, width - count)
    let left = missing / 2 + (missing & width & 1)
    return TemplateText(repeating: fill, count: left) + self
      + TemplateText(repeating: fill, count: missing - left)
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
