// Values as Python writes them: `str` for what a template prints, `repr` inside lists.
import SVFTTensor

extension TemplateValue {
  /// The value as `{{ }}` prints it.
  var printed: TemplateText {
    switch self {
    case .undefined: []
    case .text(let text): text
    default: represented
    }
  }

  /// The value as it stands in a printed list.
  var represented: TemplateText {
    var output: TemplateText = []
    represent(&output)
    return output
  }

  private func represent(_ output: inout TemplateText) {
    switch self {
    case .undefined: output += TemplateText("Undefined")
    case .none: output += TemplateText("None")
    case .bool(let value): output += TemplateText(value ? "True" : "False")
    case .integer(let value): output += TemplateText(value.description)
    case .number(let value): output += TemplateText(value.description)
    case .text(let text): Self.quote(text, &output)
    case .list(let list):
      output += TemplateText(list.isTuple ? "(" : "[")
      for (index, item) in list.items.enumerated() {
        if index > 0 { output += TemplateText(", ") }
        item.represent(&output)
      }
      if list.isTuple, list.items.count == 1 { output += TemplateText(",") }
      output += TemplateText(list.isTuple ? ")" : "]")
    case .dict(let dict):
      output += TemplateText("{")
      for (index, (key, value)) in dict.pairs.enumerated() {
        if index > 0 { output += TemplateText(", ") }
        key.value.represent(&output)
        output += TemplateText(": ")
        value.represent(&output)
      }
      output += TemplateText("}")
    case .loop(let loop):
      output += TemplateText("<LoopContext \(loop.index + 1)/\(loop.items.items.count)>")
    case .namespace: output += TemplateText("<Namespace>")
    case .macro: output += TemplateText("<Macro>")
    case .function(let name): output += TemplateText("<function \(name)>")
    }
  }

  private static func quote(_ text: TemplateText, _ output: inout TemplateText) {
    let isDouble = text.contains { $0.value == 0x27 } && !text.contains { $0.value == 0x22 }
    let mark = TemplateText(isDouble ? "\"" : "'")
    output += mark
    for character in text {
      switch character.value {
      case 0x27 where !isDouble, 0x5C: output += TemplateText("\\") + [character]
      case 0x0A: output += TemplateText("\\n")
      case 0x0D: output += TemplateText("\\r")
      case 0x09: output += TemplateText("\\t")
      default:
        if character.isPrintable {
          output.append(character)
        } else {
          let value = character.value
          let (sign, width) = value < 0x100 ? ("x", 2) : value < 0x10000 ? ("u", 4) : ("U", 8)
          let digits = String(value, radix: 16)
          let zeros = String(repeating: "0", count: max(0, width - digits.count))
          output += TemplateText("\\\(sign)\(zeros)\(digits)", origin: character.origin)
        }
      }
    }
    output += mark
  }
}

extension TemplateCharacter {
  /// What Python calls printable.
  fileprivate var isPrintable: Bool {
    switch value {
    case 0x20...0x7E: return true
    case 0..<0x7F: return false
    default: break
    }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator, .spaceSeparator:
      return false
    default: return true
    }
  }
}
