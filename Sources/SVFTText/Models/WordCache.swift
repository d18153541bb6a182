// The ids of words met before in one call of encode: prose repeats itself. A fixed number of
// places, each holding the last word that fell on it; nothing is shared between calls, so no lock.

/// A small memory from the bytes of a word to its token ids.
struct WordCache {
  private struct Entry {
    var word = 0..<0
    var ids = 0..<0
  }

  private var entries: [Entry] = []
  private let capacity: Int

  /// A cache for a text of so many bytes: a short one needs few places, and filling them costs.
  init(bytes: Int) {
    var capacity = 64
    while capacity < bytes, capacity < Self.most { capacity *= 2 }
    self.capacity = capacity
  }

  private static let most = 1 << 16

  // Words and ids are kept as ranges: of the text, and of the output, which both outlive the cache.

  /// Appends the ids of a word known from earlier in the same text.
  func recall(_ text: [UInt8], _ word: Range<Int>, into ids: inout [Int32]) -> Bool {
    guard !entries.isEmpty else { return false }
    let entry = entries[place(text, word)]
    guard entry.word.count == word.count, !entry.word.isEmpty else { return false }
    var other = entry.word.lowerBound
    for index in word {
      if text[index] != text[other] { return false }
      other += 1
    }
    for index in entry.ids { ids.append(ids[index]) }
    return true
  }

  /// Remembers that a word became the ids at the end of the output.
  mutating func keep(_ text: [UInt8], _ word: Range<Int>, _ ids: ArraySlice<Int32>) {
    if entries.isEmpty { entries = [Entry](repeating: Entry(), count: capacity) }
    entries[place(text, word)] = Entry(word: word, ids: ids.indices)
  }

  private func place(_ text: [UInt8], _ word: Range<Int>) -> Int {
    var hash = PieceTable.emptyHash
    for index in word { hash = PieceTable.fold(hash, text[index]) }
    return Int(truncatingIfNeeded: (hash ^ hash >> 32) & UInt64(capacity - 1))
  }
}
