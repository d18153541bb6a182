// Class names and their numbers. The map is saved with an adapter, so that what was trained as
// class 3 is called by its name wherever the adapter goes.
package import SVFTTensor

/// The labels of a data set, and what they make of it.
package enum Labels {
  /// Names mean classes (numbered in sorted order). Numbers mean a score, or the class itself where
  /// the model has a head of several `outputs`; then there are no names.
  package static func task(of examples: [Example], outputs: Int) -> (Task, [String]) {
    var names: Set<String> = []
    for case .name(let name)? in examples.map(\.label) { names.insert(name) }
    guard names.isEmpty else { return (.classes, names.sorted()) }
    guard examples.contains(where: { $0.label != nil }) else { return (.language, []) }
    return (outputs > 1 ? .classes : .score, [])
  }

  /// Throws `.data` for a number that is no class of a head of several `outputs`.
  package static func check(_ label: DataRecord.Label, outputs: Int) throws(SVFTError) {
    guard case .number(let number) = label, outputs > 1 else { return }
    guard let index = Int(exactly: number), index >= 0, index < outputs else {
      throw SVFTError(
        .data, "label: expected a class from 0 to \(outputs - 1), found \(label.text)")
    }
  }

  /// The number of a label under `classes`. Throws `.data` for a name that is none of them.
  package static func number(
    of label: DataRecord.Label, in classes: [String]
  ) throws(SVFTError) -> Int32 {
    let index: Int32? =
      switch label {
      case .name(let name): classes.firstIndex(of: name).map { Int32(truncatingIfNeeded: $0) }
      case .number(let number): Int32(exactly: number)
      }
    guard let index else {
      throw SVFTError(
        .data,
        "label: expected one of \(classes.prefix(12).joined(separator: ", ")), found \(label.text)")
    }
    return index
  }
}

extension DataRecord.Label {
  /// The label as people read it.
  package var text: String {
    switch self {
    case .name(let name): "\"\(name)\""
    case .number(let number): "\(number)"
    }
  }
}
