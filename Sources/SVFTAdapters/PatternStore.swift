// Sparsity patterns that are in use, each once: adapters of one model mostly have the same. A plain
// or banded pattern follows from order and d, so that every adapter with them shares one; random
// and top-k ones are each their own, unless seed and module (or all cells) are the same.
//
// A pattern goes with the last adapter that has it.
package import SVFTTensor

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

  private struct Band: Hashable {
    let order: Int
    let halfBandwidth: Int
  }

  private var entries: [Key: [Entry]] = [:]
  private var bands: [Band: Entry] = [:]

  package init() {}

  /// The banded pattern of that order, made where nobody has it.
  ///
  /// Throws `.memory`.
  package func banded(order: Int, halfBandwidth: Int) throws(SVFTError) -> SparsityPattern {
    let band = Band(order: order, halfBandwidth: halfBandwidth)
    if let here = bands[band]?.pattern { return here }
    let made = shared(try .banded(order: order, halfBandwidth: halfBandwidth))
    bands[band] = Entry(pattern: made)
    return made
  }

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
