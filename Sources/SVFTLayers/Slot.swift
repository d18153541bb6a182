// One named tensor of the checkpoint, and what may stand in for it.
//
// Rows of query and key projections lie in another order in GGUF files (rotary pairs interleaved)
// than in Hugging Face folders (halves), and those of a fused matrix part by part instead of head
// by head. The tensor stays as it lies; `rowOrder` says how to read it in the canonical, Hugging
// Face order, in which hashes, factors and saved adapters are defined. Where folders hold the
// transpose of a linear module's matrix, canonical is [rows, columns] all the same.
import SVFTTensor

/// How the rows of a tensor lie in memory, relative to the Hugging Face order.
package enum RowOrder: Sendable, Hashable {
  case canonical
  /// Within each head of `headWidth` rows: canonical row i < half lies at 2i, row half + i at 2i +
  /// 1.
  case interleaved(headWidth: Int)
  /// Canonical row (head · count + part) · headWidth + i lies at (part · heads + head) · headWidth
  /// + i.
  case parts(count: Int, heads: Int, headWidth: Int)

  /// Where canonical row `row` lies.
  package func stored(_ row: Int) -> Int {
    switch self {
    case .canonical: return row
    case .interleaved(let width):
      guard width > 1 else { return row }
      let within = row % width
      let half = width / 2
      return row - within + (within < half ? 2 * within : 2 * (within - half) + 1)
    case .parts(let count, let heads, let width):
      return RowOrder.swapped(row, outer: heads, inner: count, width: width)
    }
  }

  /// The canonical row that lies at `row`: the inverse of `stored`.
  package func canonical(_ row: Int) -> Int {
    switch self {
    case .canonical: return row
    case .interleaved(let width):
      guard width > 1 else { return row }
      let within = row % width
      return row - within + (within % 2 == 0 ? within / 2 : width / 2 + within / 2)
    case .parts(let count, let heads, let width):
      return RowOrder.swapped(row, outer: count, inner: heads, width: width)
    }
  }

  /// Row (a · inner + b) · width + i → (b · outer + a) · width + i.
  private static func swapped(_ row: Int, outer: Int, inner: Int, width: Int) -> Int {
    guard outer > 0, inner > 0, width > 0 else { return row }
    let (block, i) = (row / width, row % width)
    return (block % inner * outer + block / inner) * width + i
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
  /// Whether Hugging Face folders hold the matrix as [columns, rows].
  package let isTransposedInFolders: Bool
  /// What a method that trains the tensor itself put in its place.
  ///
  /// Set before recording a graph.
  package var standIn: Parameter?

  package init(
    name: String, weight: Weight, shape: [Int], rowOrder: RowOrder = .canonical,
    origin: String? = nil, isTransposedInFolders: Bool = false
  ) {
    self.isTransposedInFolders = isTransposedInFolders
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
    guard rowOrder != .canonical else {
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
