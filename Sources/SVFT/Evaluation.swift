// Loss on data, and what people know it by: perplexity, accuracy, correlation, entities found.
package import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor

/// Figures of one evaluation.
public struct Evaluation: Sendable, Equatable {
  /// Mean loss per predicted token (nats), per record (nats), or mean squared error.
  public var loss: Double
  /// exp(loss) of a language model.
  public var perplexity: Double?
  /// Share of records whose class was right, or of tokens predicted first.
  public var accuracy: Double?
  /// Spearman's correlation of scores.
  public var spearman: Double?
  /// Micro-averaged F1 of the classes that hold, where several may: those of a probability over one
  /// half count as found. `accuracy` is then the share of records with all classes right.
  public var f1: Double?
  /// F1 of entities, where the classes of words are theirs ("B-LOC", "I-LOC", "O").
  public var entityF1: Double?
  /// What the means are over: tokens or records.
  public var count: Int
}

extension Evaluation {
  /// What the task is judged by beside the loss, and its name.
  public var score: (name: String, value: Double)? {
    let scores = [
      ("entity_f1", entityF1), ("f1", f1), ("accuracy", accuracy), ("spearman", spearman),
    ]
    for case (let name, let value?) in scores { return (name, value) }
    return nil
  }

  package var json: JSON {
    var object = JSON.Object([("loss", .number(loss)), ("count", .integer(count))])
    let figures = [
      ("perplexity", perplexity), ("accuracy", accuracy), ("spearman", spearman),
      ("f1", f1), ("entity_f1", entityF1),
    ]
    for case (let key, let value?) in figures where value.isFinite { object[key] = .number(value) }
    return .object(object)
  }
}

/// Evaluates examples without changing anything.
struct Evaluator {
  let network: Network
  let gate: Gate
  let classes: [String]

  /// Figures over all examples. Throws `.cancelled`, `.memory`, `.data`, `.nonFinite`.
  func evaluate(_ dataset: Dataset, progress: WorkProgress? = nil) throws(SVFTError) -> Evaluation {
    var reporter = ProgressReporter(
      "evaluating", total: dataset.examples.count, progress)
    let purpose = Pass.Purpose(dataset.task)
    try network.heads.require(purpose)
    try Labels.check(dataset, classes)
    var sums = Sums()
    sums.entities = dataset.task == .tags ? EntityCounts(classes) : nil
    for group in Self.packing(dataset) {
      try gate.checkCancelled("evaluation")
      let examples = Array(dataset.examples[group.range])
      let width = network.heads.outputs(purpose, hidden: network.geometry.hiddenWidth)
      let targets = try Targets(examples, dataset.task, classes, outputs: width)
      try add(examples, targets, dataset.task, group.capacity, to: &sums)
      guard sums.loss.isFinite else {
        throw SVFTError(
          .nonFinite,
          "\(dataset.place(of: group.range)): expected a finite loss, found \(sums.loss)")
      }
      try reporter.reached(group.range.upperBound)
    }
    return sums.evaluation(dataset.task)
  }

  private static func packing(_ dataset: Dataset) -> Packing {
    Packing(dataset.examples, rows: max(512, dataset.longest), sequences: 64)
  }

  /// Takes the memory of an evaluation without running it: for rehearsals.
  func rehearse(_ dataset: Dataset) throws(SVFTError) {
    for group in Self.packing(dataset) { _ = try pass(dataset.task, group.capacity) }
  }

  private func pass(_ task: Task, _ capacity: Pass.Capacity) throws(SVFTError) -> Pass {
    let purpose = Pass.Purpose(task)
    var capacity = capacity
    if task.isPerToken {
      let width = network.heads.outputs(purpose, hidden: network.geometry.hiddenWidth)
      capacity.headRows = Pass.headRows(outputs: width)
    }
    return try network.pass(purpose, capacity: capacity)
  }

  private func add(
    _ examples: [Example], _ targets: Targets, _ task: Task, _ capacity: Pass.Capacity,
    to sums: inout Sums
  ) throws(SVFTError) {
    let width = network.heads.outputs(Pass.Purpose(task), hidden: network.geometry.hiddenWidth)
    let pass = try pass(task, capacity)
    try pass.fill(examples, network.images)
    try pass.forwardBody()
    guard task.isPerToken else {
      let outputs = try pass.forwardPooledHead()
      for index in examples.indices {
        let row = UnsafeBufferPointer(start: outputs + index * width, count: width)
        if task == .multiLabel {
          sums.add(row, holding: targets.scores[index * width..<(index + 1) * width])
          continue
        }
        sums.add(
          row, label: targets.labels.isEmpty ? nil : targets.labels[index],
          score: targets.scores.isEmpty ? nil : targets.scores[index])
      }
      return
    }
    var found: [Int] = []
    for first in stride(from: 0, to: targets.rows.count, by: pass.capacity.headRows) {
      let rows = Array(
        targets.rows[first..<min(targets.rows.count, first + pass.capacity.headRows)])
      let logits = try pass.forwardHead(rows: rows)
      for index in rows.indices {
        let row = UnsafeBufferPointer(start: logits + index * width, count: width)
        let best = sums.add(row, label: targets.labels[first + index], score: nil)
        if sums.entities != nil { found.append(best) }
      }
    }
    var first = 0
    for example in examples where sums.entities != nil {
      let part = first..<first + example.tags.count
      sums.entities?.add(found: found[part], wanted: targets.labels[part].map { Int($0) })
      first = part.upperBound
    }
  }
}

/// Running sums of an evaluation, in Double and in the order of the data.
private struct Sums {
  private(set) var loss = 0.0
  private var right = 0
  private var count = 0
  private var predicted: [Double] = []
  private var wanted: [Double] = []
  var entities: EntityCounts?
  /// Classes over all texts.
  private var classes = Hits()

  /// `wanted` is 1 for each class that holds, else 0.
  mutating func add(_ outputs: UnsafeBufferPointer<Float>, holding wanted: ArraySlice<Float>) {
    count += 1
    var (sum, isRight) = (0.0, true)
    for (output, target) in zip(outputs, wanted) {
      sum += Logit.loss(Double(output), Double(target))
      let (isFound, holds) = (output > 0, target > 0)
      classes.right += isFound && holds ? 1 : 0
      classes.found += isFound ? 1 : 0
      classes.wanted += holds ? 1 : 0
      if isFound != holds { isRight = false }
    }
    loss += sum / Double(max(1, outputs.count))
    if isRight { right += 1 }
  }

  /// Returns the number of the largest output.
  @discardableResult
  mutating func add(
    _ outputs: UnsafeBufferPointer<Float>, label: Int32?, score: Float?
  ) -> Int {
    var best = 0
    count += 1
    if let score, let output = outputs.first {
      loss += (Double(output) - Double(score)) * (Double(output) - Double(score))
      predicted.append(Double(output))
      wanted.append(Double(score))
    } else if let label, let base = outputs.baseAddress {
      let index = Int(label)
      loss += Kernels.logSumExp(base, count: outputs.count) - Double(outputs[index])
      for other in outputs.indices where outputs[other] > outputs[best] { best = other }
      if best == index { right += 1 }
    }
    return best
  }

  func evaluation(_ task: Task) -> Evaluation {
    let n = Double(max(1, count))
    var result = Evaluation(loss: loss / n, count: count)
    switch task {
    case .language: result.perplexity = Statistics.exponential(loss / n)
    case .classes: break
    case .multiLabel: result.f1 = classes.f1
    case .tags: result.entityF1 = entities?.hits.f1
    case .score: result.spearman = Statistics.spearman(predicted, wanted)
    }
    if task != .score { result.accuracy = Double(right) / n }
    return result
  }
}
