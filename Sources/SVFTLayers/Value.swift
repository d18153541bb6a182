// The handles of a recorded graph. A Value is an F32 matrix [rows, width] without storage: `rows`
// is the number of rows of the step that is replayed (tokens in a body, selected rows in a head),
// so one plan serves every step up to its capacity. Sequences of different length are packed, not
// padded. Tables of relative positions, which pass through modules too, have rows of their own.

/// Whose rows a value has.
package enum RowSpace: Sendable, Hashable {
  /// The step's tokens, or whatever its batch counts.
  case step
  /// Those of the texts that the step's sequences are about: the encoder's side of an
  /// encoder-decoder (`Batch.source`).
  case source
  /// The rows of a table of relative positions that the step's longest sequence reaches.
  case relative(RelativePositions)

  /// Rows for steps of up to `rows`, about texts of up to `source`.
  package func capacity(_ rows: Int, source: Int = 0) -> Int {
    switch self {
    case .step: rows
    case .source: source
    case .relative(let positions): positions.rows(reachedBy: rows).count
    }
  }

  /// Rows in this step, where `batch` is what its ops see.
  package func count(in batch: Batch) -> Int {
    switch self {
    case .step, .source: batch.rows
    case .relative(let positions): positions.rows(in: batch).count
    }
  }
}

/// A matrix of a graph: a name for [rows of the step, width] F32 numbers.
package struct Value: Hashable, Sendable {
  package let id: Int
  package let width: Int
  /// Whose rows it has.
  package let space: RowSpace

  /// Whether both have as many numbers in every step.
  func isLike(_ other: Value) -> Bool { width == other.width && space == other.space }
}
