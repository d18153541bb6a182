// One forward pass over numbers written out in a test.
import SVFTLayers
import SVFTTensor
import TestKit

/// What an op makes of given numbers.
enum Replay {
  /// Records `record` over inputs of these widths, fills them, and returns its output.
  static func output(
    lengths: [Int], _ inputs: [(width: Int, numbers: [Float])] = [], training: Bool = false,
    prepare: (Batch) -> Void = { _ in }, record: (Graph, [Value]) throws -> Value
  ) throws -> [Float] {
    let graph = Graph(training: training)
    let values = inputs.map { graph.input(width: $0.width) }
    let output = try record(graph, values)
    graph.output(output)
    let batch = try Batch(rows: max(1, lengths.reduce(0, +)), sequences: max(1, lengths.count))
    for length in lengths { try batch.append([Int32](repeating: 0, count: length)) }
    batch.training = training
    prepare(batch)
    let program = try Program(graph, rows: batch.rows, threads: 2)
    for (value, input) in zip(values, inputs) {
      for (i, number) in input.numbers.enumerated() { program.values(value)[i] = number }
    }
    try program.forward(batch)
    return (0..<batch.rows * output.width).map { program.values(output)[$0] }
  }

  /// A tensor of the checkpoint in some format.
  static func slot(
    _ name: String, rows: Int = 1, _ numbers: [Float],
    format: any ElementFormat = ElementFormats.f32
  ) throws -> Slot {
    let columns = numbers.count / rows
    let bytes = try Buffer(byteCount: rows * format.rowBytes(columns))
    format.encode(numbers, count: numbers.count, into: bytes.pointer)
    return Slot(
      name: name, weight: try Weight(format: format, rows: rows, columns: columns, bytes: bytes),
      shape: rows == 1 ? [columns] : [rows, columns])
  }

  /// A matrix in F32.
  static func decoded(_ weight: Weight) throws -> [Float] {
    let values = try weight.decoded()
    return withExtendedLifetime(values) { Array(values.values(Float.self)) }
  }

  /// Numbers that follow from a name.
  static func numbers(_ count: Int, _ purpose: String) -> [Float] {
    var random = RandomSource(seed: 1, purpose: purpose)
    return (0..<count).map { _ in random.uniform(-2, 2) }
  }

  /// The same in memory of the library's.
  static func floats(_ count: Int, _ purpose: String) throws -> Buffer {
    let buffer = try Buffer(of: Float.self, count: count)
    _ = buffer.values(Float.self).update(fromContentsOf: numbers(count, purpose))
    return buffer
  }

  /// The largest difference between two lists of equal length; infinity where they are not.
  static func distance(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }
}
