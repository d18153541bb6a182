// Finds stop strings in text that arrives in pieces, without ever handing out a part of one: a
// piece that might be the beginning of a stop string is held back until the next pieces decide.

/// Watches generated text for stop strings.
package struct StopMatcher {
  private let stops: [[UInt8]]
  private var held: [UInt8] = []
  /// The stop string that ended the text.
  package private(set) var found: String?

  package init(_ stops: [String]) { self.stops = stops.map { Array($0.utf8) } }

  /// Takes the next piece; returns what may be shown now. After a hit, nothing more.
  package mutating func push(_ piece: some Sequence<UInt8>) -> [UInt8] {
    guard found == nil else { return [] }
    held.append(contentsOf: piece)
    if let hit = firstHit() {
      found = String(decoding: stops[hit.stop], as: UTF8.self)
      let shown = Array(held[..<hit.position])
      held = []
      return shown
    }
    let waiting = stops.map { overlap($0) }.max() ?? 0
    let shown = Array(held.dropLast(waiting))
    held.removeFirst(held.count - waiting)
    return shown
  }

  /// The end of the text: what was held back turned out to be no stop string.
  package mutating func finish() -> [UInt8] {
    defer { held = [] }
    return held
  }

  /// The occurrence that is complete first, the longest of those that end together: what is found
  /// then does not depend on how the text was cut into pieces.
  private func firstHit() -> (position: Int, stop: Int)? {
    var best: (position: Int, end: Int, stop: Int)?
    for (index, stop) in stops.enumerated() where stop.count <= held.count {
      for position in 0...(held.count - stop.count) {
        let end = position + stop.count
        if let best, (best.end, best.position) <= (end, position) { continue }
        if held[position..<end].elementsEqual(stop) {
          best = (position, end, index)
          break
        }
      }
    }
    return best.map { ($0.position, $0.stop) }
  }

  /// How many bytes at the end of what is held begin `stop`.
  private func overlap(_ stop: [UInt8]) -> Int {
    var length = min(stop.count - 1, held.count)
    while length > 0, !held.suffix(length).elementsEqual(stop.prefix(length)) { length -= 1 }
    return max(0, length)
  }
}
