// One named tensor of the checkpoint, and what may stand in for it.
//
// Rows of query and key projections lie in another order in GGUF files (rotary pairs interleaved)
// than in Hugging Face folders (halves). The tensor stays as it lies; `rowOrder` says how to read
// it in the canonical, Hugging Face order, in which hashes, factors and saved adapters are defined.
import SVFTTensor

/// How the rows of a tensor lie in memory, relative to the Hugging Face order.
package enum RowOrder: Sendable, Hashable {
  case canonical
  /// Within each head of `headWidth` rows: canonical row i < half lies at 2i, row half + i at 2i +
  /// 1.
  case interleaved(headWidth: Int)

  /// Where canonical row `row` lies.
  package func stored(_ row: Int) -> Int {
    guard case .interleaved(let width) = self, width > 1 else { return row }
    let within = row % width
    let half = width / 2
    return row - within + (within < half ? 2 * within : 2 * (within - half) + 1)
  }
}

/// A tensor by name: frozen as the file has it, or replaced by a trained F32 stand-in.
package final class Slot: @unchecked Sendable {
  /// The canonical (Hugging Face) name, whichever file it came from.
  package let name: String
  /// Vectors are F32.
  package let weight: Weight
  package let rowOrder: RowOrder
  /// The shape in the checkpoint: [rows, columns] for a matrix, [columns] for a vector.
  package let shape: [Int]
  /// Where the bytes came from, if that says which they are: equal origins in equal formats are
  /// equal tensors.
  package let origin: String?
  /// What a method that trains the tensor itself put in its place.
  ///
  /// Set before recording a graph.
  package var standIn: Parameter?

  package init(
    name: String, weight: Weight, shape: [Int], rowOrder: RowOrder = .canonical,
    origin: String? = nil
  ) {
    self.name = name
    self.weight = weight
    self.shape = shape
    self.origin = origin
    self.rowOrder = rowOrder
  }

  /// What products use now.
  package var current: Weight { standIn?.weight ?? weight }

  /// Decodes canonical rows `range` of the frozen tensor to F32, dense [range.count, columns].
  ///
  /// The
  /// numbers of a vector, which is one row, are in canonical order too.
  package func decodeCanonical(
    rows range: Range<Int>, into target: UnsafeMutablePointer<Float>
  ) {
    guard case .interleaved = rowOrder else {
      weight.decode(rows: range, into: target)
      return
    }
    if shape.count == 1 {
      let values = weight.bytes.values(Float.self)
      for place in values.indices { target[place] = values[rowOrder.stored(place)] }
      return
    }
    for (offset, row) in range.enumerated() {
      let stored = rowOrder.stored(row)
      weight.decode(rows: stored..<stored + 1, into: target + offset * weight.columns)
    }
  }
}

extension RowOrder {
  /// The canonical row that lies at `row`: the inverse of `stored`.
  package func canonical(_ row: Int) -> Int {
    guard case .interleaved(let width) = self, width > 1 else { return row }
    let within = row % width
    return row - within + (within % 2 == 0 ? within / 2 : width / 2 + within / 2)
  }
}
