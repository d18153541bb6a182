// Sparsity patterns that are in use, each once: adapters of one model mostly have the same. A plain
// or banded pattern follows from order and d, so that every adapter with them shares one; random
// and top-k ones are each their own, unless seed and module (or all cells) are the same.
//
// A pattern goes with the last adapter that has it.
import SVFTTensor

/// The patterns of one model's adapters.
package final class PatternStore {
  private struct Key: Hashable {
    let order: Int
    let cells: Int
    let digest: Int
  }

  private struct Entry {
    weak var pattern: SparsityPattern?
  }

  private var entries: [Key: [Entry]] = [:]

  package init() {}

  /// The pattern that is here with the cells of `pattern`; else `pattern`, which is here then.
  package func shared(_ pattern: SparsityPattern) -> SparsityPattern {
    let key = Key(order: pattern.order, cells: pattern.count, digest: pattern.digest)
    let here = entries[key, default: []].filter { $0.pattern != nil }
    if let same = here.lazy.compactMap(\.pattern).first(where: { $0.equals(pattern) }) {
      return same
    }
    entries[key] = here + [Entry(pattern: pattern)]
    return pattern
  }
}

extension SparsityPattern {
  /// A number that patterns with other cells hardly share.
  fileprivate var digest: Int {
    var hasher = Hasher()
    hasher.combine(bytes: UnsafeRawBufferPointer(starts))
    hasher.combine(bytes: UnsafeRawBufferPointer(columns))
    return hasher.finalize()
  }
}
