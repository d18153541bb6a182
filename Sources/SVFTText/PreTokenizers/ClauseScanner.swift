// The scanner of BLOOM's expression, which models with a tokenizer of its kind (Viking, Poro) have
// too:
//
//   " ?[^(\\s|.,!?…。，、।۔،)]+"      a run of what is not in brackets, a blank before it
//
// What lies between two matches is a word as well: cutting isolates them.

/// Cuts clauses.
enum ClauseScanner {
  /// What no match holds, beside white space.
  private static let dividers = Set("(|.,!?…。，、।۔،)".unicodeScalars.map(\.value))

  /// Where the match that begins at `start` ends, or the next one begins.
  static func end(_ text: [UInt8], _ start: Int, _ limit: Int) -> Int {
    var index = start
    if let first = matchStart(text, start, limit) {
      index = first
      while index < limit, holds(text, index, limit) { index += length(text, index, limit) }
      return index
    }
    repeat {
      index += length(text, index, limit)
    } while index < limit
      && matchStart(text, index, limit) == nil
    return index
  }

  /// Where the run of a match begins that begins here: behind a blank, or at once; nil where none
  /// does.
  private static func matchStart(_ text: [UInt8], _ index: Int, _ limit: Int) -> Int? {
    if holds(text, index, limit) { return index }
    let next = index + 1
    return text[index] == 0x20 && next < limit && holds(text, next, limit) ? next : nil
  }

  private static func holds(_ text: [UInt8], _ index: Int, _ limit: Int) -> Bool {
    let unit = TextUnit(text, at: index, limit: limit)
    return unit.kind != .space && !(unit.scalar.map { dividers.contains($0.value) } ?? false)
  }

  private static func length(_ text: [UInt8], _ index: Int, _ limit: Int) -> Int {
    TextUnit(text, at: index, limit: limit).length
  }
}
