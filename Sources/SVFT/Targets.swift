// What a batch should predict, row by row of the head: next tokens, a class, or a number.
import SVFTLayers
import SVFTTensor

/// The targets of one step's examples, in the order of its rows.
struct Targets {
  /// Rows of the body that count, and the id or class each should predict; empty where texts as a
  /// whole are labelled.
  private(set) var rows: [Int] = []
  private(set) var labels: [Int32] = []
  /// Numbers to predict, one per sequence; empty unless the task is a score.
  private(set) var scores: [Float] = []

  /// Throws `.data` for a class name that the head does not have.
  init(_ examples: [Example], _ task: Task, _ classes: [String]) throws(SVFTError) {
    switch task {
    case .language:
      var offset = 0
      for example in examples {
        for (row, label) in example.labels.enumerated() where label >= 0 {
          rows.append(offset + row)
          labels.append(label)
        }
        offset += example.ids.count
      }
    case .tags:
      var offset = 0
      for example in examples {
        for tag in example.tags {
          rows.append(offset + tag.row)
          labels.append(try Labels.number(of: tag.label, in: classes))
        }
        offset += example.ids.count
      }
    case .classes:
      for case let label? in examples.map(\.label) {
        labels.append(try Labels.number(of: label, in: classes))
      }
    case .score:
      scores = examples.compactMap { $0.label?.score }
    }
  }

  /// Puts the targets of rows `part` into a head's batch.
  func fill(_ batch: Batch, _ part: Range<Int>) {
    for (row, index) in part.enumerated() {
      if !labels.isEmpty { batch.labels[row] = labels[index] }
      if !scores.isEmpty { batch.targets[row] = scores[index] }
    }
  }
}

extension Pass.Purpose {
  /// The head that a task trains.
  init(_ task: Task) {
    switch task {
    case .language: self = .language
    case .classes: self = .classes
    case .score: self = .score
    case .tags: self = .tags
    }
  }
}
