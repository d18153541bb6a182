// The handles of a recorded graph. A Value is an F32 matrix [rows, width] without storage: `rows`
// is the number of rows of the step that is replayed (tokens in a body, selected rows in a head),
// so one plan serves every step up to its capacity. Sequences of different length are packed, not
// padded. Tables of relative positions, which pass through modules too, have rows of their own.

/// A matrix of a graph: a name for [rows of the step, width] F32 numbers.
package struct Value: Hashable, Sendable {
  package let id: Int
  package let width: Int
  /// Whose rows it has.
  package let space: RowSpace
}
