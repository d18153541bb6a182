// Cutting at what a pattern matches, and what becomes of the matches, in tokenizer.json's words:
//
//   Isolated            each match is a word
//   Removed             matches go
//   Contiguous          matches side by side are one word
//   MergedWithPrevious  a match ends the word before it
//   MergedWithNext      a match begins the word behind it
//
// Inverted, what lies between matches is a match.
import SVFTFormats
import SVFTTensor

/// A stage that cuts at matches.
struct MatchSplit: PreTokenizer {
  /// What is sought.
  enum Pattern {
    case text([UInt8])
    case punctuation
    case run(takesAllSpace: Bool, least: Int)
    case members(ClassRun)
  }

  /// What becomes of matches.
  enum Behavior: String {
    case isolated = "Isolated"
    case removed = "Removed"
    case contiguous = "Contiguous"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
  }

  private typealias Part = (range: Range<Int>, isMatch: Bool)

  let pattern: Pattern
  var behavior = Behavior.isolated
  var isInverted = false

  init(_ pattern: Pattern, _ behavior: Behavior) {
    self.pattern = pattern
    self.behavior = behavior
  }

  /// Reads behaviour and inversion. Throws `.unsupported` for one that is not known.
  init(_ pattern: Pattern, _ json: JSON.Object, default other: String? = nil) throws(SVFTError) {
    let name =
      if let other {
        try json.string("behavior", default: other)
      } else {
        try json.string("behavior")
      }
    guard let behavior = Behavior(rawValue: name) else {
      throw SVFTError(.unsupported, "\(json.place("behavior")): \(name) is not known")
    }
    self.init(pattern, behavior)
    isInverted = try json.bool("invert", default: false)
  }

  var signature: String? {
    guard case .members(let run) = pattern, behavior == .isolated, !isInverted else { return nil }
    return run.expression
  }

  /// Whether single blanks are all that is cut at.
  var isBlankCut: Bool {
    if case .text([0x20]) = pattern { !isInverted } else { false }
  }

  func split(_ words: inout Words) {
    words.ranges = words.ranges.flatMap { joined(parts(words.text, $0)) }
  }

  /// Matches and what lies between them.
  private func parts(_ text: [UInt8], _ word: Range<Int>) -> [Part] {
    var parts: [Part] = []
    var done = word.lowerBound
    for match in matches(text, word) {
      if done < match.lowerBound { parts.append((done..<match.lowerBound, isInverted)) }
      parts.append((match, !isInverted))
      done = match.upperBound
    }
    if done < word.upperBound { parts.append((done..<word.upperBound, isInverted)) }
    return parts
  }

  private func matches(_ text: [UInt8], _ word: Range<Int>) -> [Range<Int>] {
    switch pattern {
    case .text(let sought):
      guard let first = sought.first else { return [] }
      var matches: [Range<Int>] = []
      var index = word.lowerBound
      while index + sought.count <= word.upperBound {
        if text[index] == first, text[index..<word.upperBound].starts(with: sought) {
          matches.append(index..<index + sought.count)
          index += sought.count
        } else {
          index += 1
        }
      }
      return matches
    case .punctuation: return units(text, word) { SplitAtSpace.isPunctuation($0) }
    case .members(let run): return run.matches(text, word)
    case .run(let takesAllSpace, let least):
      let spaces = units(text, word) {
        takesAllSpace ? $0.kind == .space : $0.scalar?.value == 0x20
      }
      return least == 0 ? spaces : runs(spaces, least)
    }
  }

  private func units(
    _ text: [UInt8], _ word: Range<Int>, _ isMatch: (TextUnit) -> Bool
  ) -> [Range<Int>] {
    var matches: [Range<Int>] = []
    text.forEachUnit(in: word) { index, unit in
      if isMatch(unit) { matches.append(index..<index + unit.length) }
    }
    return matches
  }

  /// Runs of at least so many matches side by side, each as one.
  private func runs(_ units: [Range<Int>], _ least: Int) -> [Range<Int>] {
    var runs: [(range: Range<Int>, count: Int)] = []
    for unit in units {
      if let last = runs.last, last.range.upperBound == unit.lowerBound {
        runs[runs.count - 1] = (last.range.lowerBound..<unit.upperBound, last.count + 1)
      } else {
        runs.append((unit, 1))
      }
    }
    return runs.filter { $0.count >= least }.map(\.range)
  }

  private func joined(_ parts: [Part]) -> [Range<Int>] {
    switch behavior {
    case .isolated: return parts.map(\.range)
    case .removed: return parts.filter { !$0.isMatch }.map(\.range)
    case .contiguous: return merged(parts) { $0.isMatch == $1.isMatch }
    case .mergedWithPrevious: return merged(parts) { !$0.isMatch && $1.isMatch }
    case .mergedWithNext: return merged(parts) { $0.isMatch && !$1.isMatch }
    }
  }

  /// Parts put together wherever two neighbours are to be.
  private func merged(_ parts: [Part], _ belong: (Part, Part) -> Bool) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    for (index, part) in parts.enumerated() {
      if index > 0, belong(parts[index - 1], part) {
        ranges[ranges.count - 1] = ranges[ranges.count - 1].lowerBound..<part.range.upperBound
      } else {
        ranges.append(part.range)
      }
    }
    return ranges
  }
}

/// Runs of letters, digits and their like, and runs of signs; white space goes.
struct SplitWords: PreTokenizer {
  func split(_ words: inout Words) {
    var parts: [Range<Int>] = []
    for range in words.ranges {
      var wasWord: Bool?
      words.text.forEachUnit(in: range) { index, unit in
        let end = index + unit.length
        if unit.kind == .space {
          wasWord = nil
        } else if let was = wasWord, was == unit.isWord {
          parts[parts.count - 1] = parts[parts.count - 1].lowerBound..<end
        } else {
          parts.append(index..<end)
          wasWord = unit.isWord
        }
      }
    }
    words.ranges = parts
  }
}
