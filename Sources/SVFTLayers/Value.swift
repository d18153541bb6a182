// The handles of a recorded graph. A Value is an F32 matrix [rows, width] without storage: `rows`
// is the number of rows of the step that is replayed (tokens in a body, selected rows in a head),
// so one plan serves every step up to its capacity. Sequences of different length are packed, not
// padded.

/// Which rows of a step a value has: its own, or those of the texts that its sequences are about
/// (the encoder's side of an encoder-decoder, `Batch.source`).
package enum Side: Sendable, Hashable { case own, source }

/// A matrix of a graph: a name for [rows of the step, width] F32 numbers.
package struct Value: Hashable, Sendable {
  package let id: Int
  package let width: Int
  package var side = Side.own

  /// Whether both have as many numbers in every step.
  func isLike(_ other: Value) -> Bool { width == other.width && side == other.side }
}
