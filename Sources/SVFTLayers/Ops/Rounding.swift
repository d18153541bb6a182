// Activations rounded to 8 bit for integer products, once for all products of one value.
//
//   forward   tiles of codes, scales and offsets (Kernels+StoredMatrix.swift), 40 bytes per 32
//             numbers of x, in a value of their own
//
// Recorded where nothing is trained: gradients want finer products. Steps computed in F32 leave it
// out, as the products do that would read it.
import SVFTTensor

/// x [T, columns] as integer products with matrices of one arrangement take it.
final class Rounding: Op {
  let x: Value
  /// As many floats as the rounded rows have bytes by four.
  let rounded: Value
  private let matrix: Kernels.StoredMatrix

  init(_ x: Value, _ rounded: Value, for matrix: Kernels.StoredMatrix) {
    self.x = x
    self.rounded = rounded
    self.matrix = matrix
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [rounded] }
  var keeps: [Value] { [] }

  /// Whether a product of `x` with `other` reads what this op writes.
  func serves(_ x: Value, _ other: Kernels.StoredMatrix) -> Bool {
    self.x == x && matrix.isInTiles == other.isInTiles
  }

  /// Whether a step's activations are rounded where that is the format's custom.
  static func acts(in batch: Batch) -> Bool { batch.compute == .standard && !batch.training }

  func forward(_ run: Run) {
    guard Self.acts(in: run.batch) else { return }
    let (x, target) = (run.pointer(x), run.pointer(rounded))
    for part in run.team.share(of: matrix.roundingParts(tokens: run.rows)) {
      matrix.round(part: part, of: x, tokens: run.rows, into: target)
    }
  }

  func backward(_ run: Run) {}
}

extension Graph {
  /// The rounding of `x` for products with `weight`, recorded at its first use.
  ///
  /// Nil where its format takes activations as they are, or the graph trains.
  func rounded(_ x: Value, for weight: Weight) -> Value? {
    guard !training, weight.format.prefersIntegerActivations else { return nil }
    let matrix = weight.matrix
    for case let earlier as Rounding in ops.reversed() where earlier.serves(x, matrix) {
      return earlier.rounded
    }
    let bytes = Kernels.quantizedRowBytes(weight.columns)
    let rounded = value(width: bytes / MemoryLayout<Float>.stride)
    record(Rounding(x, rounded, for: matrix))
    return rounded
  }
}
