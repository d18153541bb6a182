// Rotary position embedding (Su et al., 2021): pairs of a head's numbers turn by position ×
// frequency.
//
//   a' = a · cos − b · sin      b' = a · sin + b · cos      angle = position · frequency[i]
//
// Pair i of a head is (i, half + i) in the Hugging Face order and (2i, 2i + 1) in the order of GGUF
// files; numbers beyond the pairs pass unchanged. The backward pass turns by the negative angle.
// Some models turn sequences beyond a length by other frequencies.
// The cosines and sines of a step stand in one value that all layers read: T × half pairs once per
// step instead of twice per layer, and no table as long as the longest context.
import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How an architecture rotates.
///
/// One object per model: graphs share the step's table by its
/// identity.
package final class RotaryEmbedding: Sendable {
  /// Where the two numbers of a pair lie.
  package enum Order: Sendable, Hashable {
    /// (i, half + i)
    case halves
    /// (2i, 2i + 1)
    case interleaved
  }

  /// What holds for sequences of more than `length` tokens, those of steps to come included.
  package struct Beyond: Sendable, Equatable {
    package enum Rule: Sendable, Equatable {
      /// Other frequencies, [rotated width / 2].
      case frequencies([Float])
      /// θ' = θ · (factor · n / length − (factor − 1))^(width / (width − 2)) for n tokens.
      case growing(theta: Double, factor: Double, width: Int)
    }

    package let length: Int
    package let rule: Rule

    package init(length: Int, rule: Rule) {
      self.length = length
      self.rule = rule
    }

    /// Whether rows of a sequence of `count` tokens are also those of one of `other`.
    package func serves(rowsOf count: Int, in other: Int) -> Bool {
      guard count > length, other > length else { return (count > length) == (other > length) }
      return isOneStep || count == other
    }

    /// Whether frequencies change once, and not with every token: then a sequence that grows beyond
    /// `length` is computed again from its beginning, and else its rows stay as they were.
    package var isOneStep: Bool {
      if case .frequencies = rule { return true }
      return false
    }

    /// The frequency of one pair in a sequence of `count` tokens.
    func frequency(_ pair: Int, count: Int) -> Float {
      switch rule {
      case .frequencies(let list): return list[pair]
      case .growing(let theta, let factor, let width):
        let stretched = factor * Double(count) / Double(max(1, length)) - (factor - 1)
        let base = theta * pow(stretched, Double(width) / Double(max(1, width - 2)))
        return Float(pow(base, -2 * Double(pair) / Double(width)))
      }
    }
  }

  /// Radians per position, [rotated width / 2].
  package let inverseFrequencies: [Float]
  package let beyond: Beyond?
  /// What cosines and sines are multiplied by (YaRN's attention factor).
  package let attentionFactor: Float
  package let order: Order

  package init(
    inverseFrequencies: [Float], beyond: Beyond? = nil, attentionFactor: Float = 1, order: Order
  ) {
    self.beyond = beyond
    self.inverseFrequencies = inverseFrequencies
    self.attentionFactor = attentionFactor
    self.order = order
  }
}

/// The cosines and sines of a step's positions: [T, half] cosines and [T, half] sines, row by row.
final class RotaryTable: Op {
  let rotary: RotaryEmbedding
  let table: Value

  init(_ rotary: RotaryEmbedding, _ table: Value) {
    self.rotary = rotary
    self.table = table
  }

  var reads: [Value] { [] }
  var writes: [Value] { [table] }
  var keeps: [Value] { [] }

  func forward(_ run: Run) {
    let positions = run.batch.positions
    let target = run.pointer(table)
    rotary.inverseFrequencies.withUnsafeBufferPointer { frequencies in
      for row in run.team.share(of: run.rows) {
        let (position, place) = (Float(positions[row]), target + row * table.width)
        for (i, frequency) in frequencies.enumerated() {
          fill(place, i, of: frequencies.count, position * frequency)
        }
      }
    }
    guard let beyond = rotary.beyond else { return }
    let pairs = rotary.inverseFrequencies.count
    for span in run.batch.spans where span.length > beyond.length {
      for row in span.offset..<span.offset + span.count where row % run.team.size == run.team.id {
        let (position, place) = (Float(positions[row]), target + row * table.width)
        for i in 0..<pairs {
          let frequency = beyond.frequency(i, count: span.length)
          fill(place, i, of: pairs, position * frequency)
        }
      }
    }
  }

  /// Cosine and sine of one pair. The angle is rounded to F32, as it was when the models were
  /// trained.
  private func fill(_ row: UnsafeMutablePointer<Float>, _ i: Int, of pairs: Int, _ angle: Float) {
    row[i] = rotary.attentionFactor * cosf(angle)
    row[pairs + i] = rotary.attentionFactor * sinf(angle)
  }

  func backward(_ run: Run) {}
}

/// y = x with the pairs of each head turned by the row's position.
final class Rotation: RowOp {
  private let x: Value
  private let table: Value
  private let y: Value
  private let heads: Int
  private let order: RotaryEmbedding.Order

  init(_ x: Value, table: Value, _ y: Value, heads: Int, order: RotaryEmbedding.Order) {
    self.x = x
    self.table = table
    self.y = y
    self.heads = heads
    self.order = order
  }

  var reads: [Value] { [x, table] }
  var writes: [Value] { [y] }
  var keeps: [Value] { [table] }

  func forward(_ run: Run, rows: StrideTo<Int>) {
    turn(run.pointer(x), into: run.pointer(y), accumulate: false, sign: 1, run, rows)
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y), let dx = run.target(0) else { return }
    turn(
      g, into: dx.pointer, accumulate: dx.accumulate, sign: -1, run,
      run.team.share(of: run.rows))
  }

  private func turn(
    _ x: UnsafeMutablePointer<Float>, into y: UnsafeMutablePointer<Float>, accumulate: Bool,
    sign: Float, _ run: Run, _ rows: StrideTo<Int>
  ) {
    let (width, pairs) = (self.x.width, table.width / 2)
    let table = run.pointer(table)
    for row in rows {
      Kernels.RowRotation(
        heads: heads, width: width / heads, pairs: pairs, adjacent: order == .interleaved,
        angles: table + row * 2 * pairs, sign: sign
      ).turn(x + row * width, into: y + row * width, accumulate: accumulate)
    }
  }
}

extension Graph {
  /// Records the rotation of `heads` heads that lie side by side in x. [T, heads · head width]
  package func rope(_ x: Value, _ rotary: RotaryEmbedding, heads: Int) -> Value {
    let y = value(width: x.width)
    record(Rotation(x, table: table(of: rotary), y, heads: heads, order: rotary.order))
    return y
  }

  /// The step's table, recorded at its first use.
  private func table(of rotary: RotaryEmbedding) -> Value {
    for op in ops {
      if let known = op as? RotaryTable, known.rotary === rotary { return known.table }
    }
    let table = value(width: 2 * rotary.inverseFrequencies.count)
    record(RotaryTable(rotary, table))
    return table
  }
}
