// The tests, by name: `value is test`, `selectattr("key", "test", argument)`.
import SVFTTensor

/// The known tests.
enum TemplateChecks {
  /// Whether something holds of a value.
  typealias Check = @Sendable (TemplateValue, TemplateCall) throws(SVFTError) -> Bool

  static let all: [String: Check] = kinds.merging(relations) { $1 }

  private static let kinds: [String: Check] = [
    "defined": { value, _ throws(SVFTError) in !value.isUndefined },
    "undefined": { value, _ throws(SVFTError) in value.isUndefined },
    "none": { value, _ throws(SVFTError) in if case .none = value { true } else { false } },
    "string": { value, _ throws(SVFTError) in if case .text = value { true } else { false } },
    "boolean": { value, _ throws(SVFTError) in if case .bool = value { true } else { false } },
    "true": { value, _ throws(SVFTError) in if case .bool(true) = value { true } else { false } },
    "false": { value, _ throws(SVFTError) in if case .bool(false) = value { true } else { false } },
    "integer": { value, _ throws(SVFTError) in if case .integer = value { true } else { false } },
    "float": { value, _ throws(SVFTError) in if case .number = value { true } else { false } },
    "number": { value, _ throws(SVFTError) in value.real != nil },
    "mapping": { value, _ throws(SVFTError) in if case .dict = value { true } else { false } },
    "callable": { value, _ throws(SVFTError) in
      switch value {
      case .macro, .function: true
      default: false
      }
    },
    "iterable": { value, _ throws(SVFTError) in
      switch value {
      case .list, .dict, .text, .undefined: true
      default: false
      }
    },
    "sequence": { value, _ throws(SVFTError) in
      switch value {
      case .list, .dict, .text, .undefined: true
      default: false
      }
    },
    "lower": { value, _ throws(SVFTError) in
      let text = value.printed
      return text == text.lower && text != text.upper
    },
    "upper": { value, _ throws(SVFTError) in
      let text = value.printed
      return text == text.upper && text != text.lower
    },
    "odd": { value, _ throws(SVFTError) in try remainder(value, 2) != 0 },
    "even": { value, _ throws(SVFTError) in try remainder(value, 2) == 0 },
    "divisibleby": { value, call throws(SVFTError) in
      try remainder(value, try call.int(0, "num", default: 0)) == 0
    },
    "filter": { value, _ throws(SVFTError) in TemplateFilters.all[value.printed.string] != nil },
    "test": { value, _ throws(SVFTError) in all[value.printed.string] != nil },
  ]

  private static let relations: [String: Check] = {
    let equal: Check = { value, call throws(SVFTError) in value.equals(try other(call)) }
    let unequal: Check = { value, call throws(SVFTError) in !value.equals(try other(call)) }
    let less: Check = { value, call throws(SVFTError) in try value.precedes(try other(call)) }
    let greater: Check = { value, call throws(SVFTError) in try other(call).precedes(value) }
    let atMost: Check = { value, call throws(SVFTError) in
      let other = try other(call)
      return try value.precedes(other) || value.equals(other)
    }
    let atLeast: Check = { value, call throws(SVFTError) in
      let other = try other(call)
      return try other.precedes(value) || value.equals(other)
    }
    let same: Check = { value, call throws(SVFTError) in
      let other = try other(call)
      return value.kind == other.kind && value.equals(other)
    }
    return [
      "==": equal, "eq": equal, "equalto": equal, "!=": unequal, "ne": unequal, "<": less,
      "lt": less, "lessthan": less, ">": greater, "gt": greater, "greaterthan": greater,
      "<=": atMost, "le": atMost, ">=": atLeast, "ge": atLeast, "sameas": same,
      "in": { value, call throws(SVFTError) in try other(call).contains(value) },
    ]
  }()

  private static func other(_ call: TemplateCall) throws(SVFTError) -> TemplateValue {
    guard let other = call.positional.first else {
      throw SVFTError(
        .data, "the test “\(call.name)”: expected a value to compare with, found none")
    }
    return other
  }

  private static func remainder(_ value: TemplateValue, _ by: Int) throws(SVFTError) -> Int {
    guard let whole = value.whole else {
      throw SVFTError(.data, "expected a whole number to divide, found \(value.kind)")
    }
    guard by != 0 else { throw SVFTError(.data, "expected no division by zero") }
    return by == -1 ? 0 : whole % by
  }
}
