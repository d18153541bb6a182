// Numbers that training may change: F32 values and, where a graph trains them, a gradient of equal
// shape.
//
// Gradients of parameters accumulate (+=) over the micro-batches of an optimiser step; the
// optimiser clears them. They come into being with the first program that trains or the first
// optimiser, so that an adapter which is only run takes its numbers and no more. A parameter is
// also a Weight, so the same products serve frozen and trained matrices.
package import SVFTTensor

/// One trainable tensor, stored as a matrix [rows, columns] (a vector has one row).
package final class Parameter: @unchecked Sendable {
  /// The key it is saved under, without any prefix: "model.layers.0.self_attn.q_proj.svft_M".
  package let name: String
  /// The values as a matrix that products can use; shares the parameter's memory.
  package let weight: Weight
  /// The shape it is saved with; its product is rows × columns.
  package let shape: [Int]
  /// Sum of the gradients since the last clearing, [rows, columns]; nil while nothing trains it.
  package private(set) var gradient: Buffer?
  /// What a rehearsal takes for the gradient of a parameter that is no part of it.
  private weak var rehearsed: Buffer?
  /// Whether optimiser and gradient clipping see it.
  ///
  /// Frozen parameters keep value and moments.
  package var isFrozen = false
  /// Whether weight decay applies: to matrices and what adapters train, not to biases, norms and
  /// scales.
  package var decays: Bool
  /// Learning-rate multiplier of its group ("head" parameters may learn faster).
  package var group: Group
  /// Factor on the learning rate of its group.
  package var rateFactor = 1.0

  /// Which learning rate a parameter follows.
  package enum Group: Sendable { case adapter, head }

  /// A zero-filled parameter.
  ///
  /// Throws `.memory` or `.shape`.
  package init(
    _ name: String, rows: Int, columns: Int, shape: [Int]? = nil, group: Group = .adapter,
    decays: Bool = true, trainsInBF16: Bool = false
  ) throws(SVFTError) {
    let count = try Checked.product(rows, columns, name)
    self.name = name
    self.shape = shape ?? [rows, columns]
    self.weight = try Weight(
      format: ElementFormats.f32, rows: rows, columns: columns,
      bytes: Buffer(of: Float.self, count: count), trainsInBF16: trainsInBF16)
    self.group = group
    self.decays = decays
  }

  /// Number of values.
  package var count: Int { weight.rows * weight.columns }
  /// The values, row by row.
  package var values: UnsafeMutableBufferPointer<Float> { weight.bytes.values() }
  /// The gradient, row by row; empty while there is none.
  package var gradients: UnsafeMutableBufferPointer<Float> {
    gradient?.values() ?? UnsafeMutableBufferPointer(start: nil, count: 0)
  }

  /// The gradient, made where there is none: zeros. Whoever asks keeps what is given, because a
  /// rehearsal leaves nothing in the parameters of a model that is in use.
  ///
  /// Throws `.memory`.
  package func requireGradient() throws(SVFTError) -> Buffer {
    if let gradient { return gradient }
    let isForeign = MemoryLedger.isRehearsing && !weight.bytes.isReserved
    if isForeign, let rehearsed { return rehearsed }
    let made = try Buffer(of: Float.self, count: count)
    if isForeign {
      rehearsed = made
    } else {
      gradient = made
    }
    return made
  }

  /// Gives the gradient's memory back until somebody trains again.
  package func dropGradient() { gradient = nil }
}
