// Macros: pieces of a template that are called with arguments. One sees the names of the place
// where it stands, as they are when it is called.
import SVFTTensor

extension TemplateRun {
  mutating func define(_ macro: TemplateMacro) -> TemplateValue {
    macros.append((macro, scope))
    return .macro(macros.count - 1)
  }

  /// What a macro prints.
  mutating func call(
    macro number: Int, _ call: TemplateCall
  ) throws(SVFTError) -> TemplateValue {
    let (macro, home) = macros[number]
    let inner = TemplateScope(in: home)
    guard call.positional.count <= macro.parameters.count else {
      throw SVFTError(
        .data,
        "macro \(macro.name): expected at most \(macro.parameters.count) arguments, found "
          + "\(call.positional.count)")
    }
    for (name, value) in call.named {
      guard name == "caller" || macro.parameters.contains(where: { $0.name == name }) else {
        throw SVFTError(.data, "macro \(macro.name): the argument “\(name)” is not known")
      }
      inner.names[name] = value
    }
    if let caller = scope.names[TemplateStatement.waiting] { inner.names["caller"] = caller }
    return try nested { (run) throws(SVFTError) in
      for (place, parameter) in macro.parameters.enumerated() {
        if place < call.positional.count {
          inner.names[parameter.name] = call.positional[place]
        } else if inner.names[parameter.name] == nil {
          inner.names[parameter.name] = try run.within(inner) { (run) throws(SVFTError) in
            try parameter.other.map { (other) throws(SVFTError) in try run.evaluate(other) }
              ?? .undefined(parameter.name)
          }
        }
      }
      return .text(try run.printed(macro.body, in: inner))
    }
  }
}
