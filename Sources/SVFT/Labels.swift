// Class names and their numbers. The map is saved with an adapter, so that what was trained as
// class 3 is called by its name wherever the adapter goes.
package import SVFTTensor

/// The labels of a data set, and what they make of it.
package enum Labels {
  /// Names mean classes (numbered in sorted order), numbers mean a score. Throws `.data` for a
  /// mixture.
  package static func task(
    of examples: [Example], _ path: String
  ) throws(SVFTError) -> (Task, [String]) {
    var names: Set<String> = []
    var numbers = 0
    var unlabelled = 0
    for example in examples {
      switch example.label {
      case .name(let name): names.insert(name)
      case .number: numbers += 1
      case nil: unlabelled += 1
      }
    }
    if names.isEmpty { return (numbers > 0 ? .score : .language, []) }
    guard numbers == 0, unlabelled == 0 else {
      throw SVFTError(.data, "\(path): expected all labels to be names or all numbers, found both")
    }
    return (.classes, names.sorted())
  }

  /// The number of a label under `classes`. Throws `.data` for a name that is none of them.
  package static func number(
    of label: DataRecord.Label, in classes: [String]
  ) throws(SVFTError) -> Int32 {
    guard case .name(let name) = label, let index = classes.firstIndex(of: name) else {
      throw SVFTError(
        .data,
        "label: expected one of \(classes.prefix(12).joined(separator: ", ")), found \(label.text)")
    }
    return Int32(truncatingIfNeeded: index)
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
