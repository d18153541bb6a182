// Runs a loaded model on token ids for tests: one graph of body and head, replayed at exact
// compute.
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit

/// A recorded model with room for `rows` rows.
final class ModelProbe {
  enum Head { case none, languageModel, classes }

  let model: LoadedModel
  let graph: Graph
  let result: Value
  let program: Program
  let batch: Batch

  /// `layers`: whether their outputs are kept.
  init(
    _ model: LoadedModel, _ head: Head, rows: Int, training: Bool = false, threads: Int = 1,
    layers: Bool = false
  ) throws {
    self.model = model
    graph = Graph(training: training)
    let hidden = try model.architecture.record(graph)
    switch head {
    case .none: result = hidden
    case .languageModel:
      guard let head = model.architecture.languageModelHead else {
        throw SVFTError(.state, "expected a language model head")
      }
      result = try head.record(hidden, graph)
    case .classes:
      guard let head = model.classHead else { throw SVFTError(.state, "expected a class head") }
      result = try head.record(hidden, graph)
    }
    for value in (layers ? graph.layerOutputs : []) + [result] { graph.output(value) }
    program = try Program(graph, rows: rows, threads: threads)
    batch = try Batch(rows: rows, sequences: max(1, rows))
    batch.compute = .f32
  }

  /// Results for whole sequences packed one after the other, row by row.
  func callAsFunction(_ sequences: [[Int32]], segments: [[Int32]]? = nil) throws -> [[Float]] {
    batch.clear()
    for (number, ids) in sequences.enumerated() {
      try batch.append(ids, segments: segments?[number])
    }
    return try run()
  }

  /// Results for the next tokens of a sequence whose first `past` tokens the cache holds.
  func continuing(_ ids: [Int32], past: Int, cache: KVCache) throws -> [[Float]] {
    batch.clear()
    batch.cache = cache
    try batch.append(ids, past: past)
    return try run()
  }

  /// The first `count` numbers of a value that is kept.
  func values(_ value: Value, count: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: program.values(value), count: count)
  }

  private func run() throws -> [[Float]] {
    try program.forward(batch)
    let values = program.values(result)
    return (0..<batch.rows).map { row in
      (0..<result.width).map { values[row * result.width + $0] }
    }
  }
}

/// The largest absolute difference of two lists; infinite for other lengths or no numbers.
func distance(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Float {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0) { worst, pair in
    let difference = abs(pair.0 - pair.1)
    return difference.isNaN ? .infinity : max(worst, difference)
  }
}

/// The rows of a golden matrix in the shared data.
func goldenRows(_ path: String) throws -> [[Float]] {
  let file = try NpyFile(SharedData.path(path))
  let width = file.shape.last ?? 1
  let numbers = try file.values(Float.self)
  return stride(from: 0, to: numbers.count, by: width).map { Array(numbers[$0..<$0 + width]) }
}
