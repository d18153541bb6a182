// Filters that lay texts out.
import SVFTTensor

extension TemplateFilters {
  static let layouts: [String: Filter] = [
    "format": { run, value, call throws(SVFTError) in
      guard call.named.isEmpty else {
        var dict = TemplateDict()
        for (name, value) in call.named { try dict.set(.text(TemplateText(name)), value) }
        return .text(try run.format(value.printed, percent: .dict(dict)))
      }
      return .text(try run.format(value.printed, percent: .tuple(of: call.positional)))
    },
    "center": { run, value, call throws(SVFTError) in
      let width = max(0, try call.int(0, "width", default: 80))
      try run.spend(width)
      return .text(value.printed.centred(width, fill: TemplateCharacter(" ")))
    },
    "truncate": { _, value, call throws(SVFTError) in .text(try shortened(value.printed, call)) },
    "wordcount": { _, value, _ throws(SVFTError) in
      var (count, isInside) = (0, false)
      for character in value.printed {
        let isWord = character.isWord || character.value == 0x5F
        if isWord, !isInside { count += 1 }
        isInside = isWord
      }
      return .integer(count)
    },
    "urlencode": { _, value, _ throws(SVFTError) in
      var pairs: [TemplateValue]
      switch value {
      case .dict(let dict):
        pairs = []
        for (key, item) in dict.pairs { pairs.append(try .tuple(of: [key.value, item])) }
      case .list(let list): pairs = list.items
      default: return .text(quoted(value.printed, keeps: "/"))
      }
      var parts: [TemplateText] = []
      for pair in pairs {
        let items = try pair.elements()
        guard items.count == 2 else {
          throw SVFTError(.data, "urlencode: expected pairs, found \(items.count) values")
        }
        let (key, item) = (
          quoted(items[0].printed, form: true), quoted(items[1].printed, form: true)
        )
        parts.append(key + TemplateText("=") + item)
      }
      return .text(TemplateText(parts.joined(separator: TemplateText("&"))))
    },
  ]

  /// At most `length` characters, cut between words unless they may be killed.
  private static func shortened(
    _ text: TemplateText, _ call: TemplateCall
  ) throws(SVFTError) -> TemplateText {
    let length = try call.int(0, "length", default: 255)
    let end = try call.text(2, "end") ?? TemplateText("...")
    let leeway = try call.int(3, "leeway", default: 5)
    guard length >= end.count, leeway >= 0 else {
      throw SVFTError(
        .data, "truncate: expected a length of at least \(end.count), its end, found \(length)")
    }
    if text.count - leeway <= length { return text }
    let start = TemplateText(text.prefix(length - end.count))
    if call.flag(1, "killwords", default: false) { return start + end }
    let blank = start.lastIndex { $0.value == 0x20 }
    return TemplateText(start[..<(blank ?? start.count)]) + end
  }

  /// The text with % and two digits for every byte but letters, digits, "_.-~" and `keeps`; `form`
  /// writes + for a blank.
  private static func quoted(
    _ text: TemplateText, keeps: String = "", form: Bool = false
  ) -> TemplateText {
    let kept = Set((keeps + "_.-~").unicodeScalars)
    return text.mapped { scalar in
      if form, scalar == " " { return "+" }
      let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || "0"..."9" ~= scalar)
      if isPlain || kept.contains(scalar) { return String(scalar) }
      return String(scalar).utf8.map {
        "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true)
      }
      .joined()
    }
  }
}
