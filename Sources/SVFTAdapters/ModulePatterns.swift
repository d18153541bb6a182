// Numbers by patterns of module names, as rank_pattern and alpha_pattern list them: the first
// pattern that means a module gives its number.
import SVFTFormats
import SVFTTensor

/// Values that patterns assign to modules.
struct ModulePatterns<Value: Sendable>: Sendable {
  /// States of all patterns of one list together, which bound the time that one module takes.
  private static var mostStates: Int { 8192 }

  private var entries: [(pattern: ModulePattern, value: Value)] = []

  /// Reads the members of an option, whose place is the object's.
  ///
  /// `.invalidArgument` for malformed patterns and values, `.unsupported` and `.limit` for patterns
  /// we cannot match.
  init(
    _ object: JSON.Object, _ value: (JSON, String) throws(SVFTError) -> Value
  ) throws(SVFTError) {
    var states = 0
    for (key, member) in object.members {
      let place = object.place(key)
      let entry = try AdapterOptions.argument { () throws(SVFTError) in
        (
          try during(object.path) { () throws(SVFTError) in try ModulePattern(key) },
          try value(member, place)
        )
      }
      states += entry.0.stateCount
      guard states <= Self.mostStates else {
        throw SVFTError(
          .limit,
          "\(object.path): expected patterns of at most \(Self.mostStates) states together")
      }
      entries.append(entry)
    }
  }

  /// The value of the first pattern that means a module; nil where none does.
  func first(_ module: String) -> Value? { entries.first { $0.pattern.matches(module) }?.value }
}
