// From the text of a module pattern to its states. The grammar is that of Python's re without what
// cannot be matched in one walk:
//
//   a|b   ab   a*  a+  a?  a{2}  a{1,3}  (lazy ones too)   (a)  (?:a)  (?P<n>a)   .  [a-z^]
//   \d \w \s \D \W \S   \b \B \A \Z ^ $   \. and other escaped signs
//
// Nesting and the number of states are bounded.
import SVFTTensor

/// A parsed expression.
indirect enum Pattern {
  case letter(LetterSet)
  case border(ModulePattern.Border)
  case sequence([Pattern])
  case choice([Pattern])
  /// So many times at least, and at most; nil is any number.
  case repeated(Pattern, Int, Int?)
}

/// Reads one expression.
struct PatternParser {
  private static let deepest = 32
  private static let mostTimes = 1000

  private let text: [Unicode.Scalar]
  private var place = 0

  init(_ text: [Unicode.Scalar]) { self.text = text }

  private var current: Unicode.Scalar? { place < text.count ? text[place] : nil }

  mutating func pattern() throws(SVFTError) -> Pattern {
    let pattern = try choice(depth: 0)
    guard current == nil else { throw malformed("a parenthesis closes nothing") }
    return pattern
  }

  private mutating func choice(depth: Int) throws(SVFTError) -> Pattern {
    guard depth < Self.deepest else { throw malformed("groups lie too deep in each other", .limit) }
    var choices = [try sequence(depth: depth)]
    while take("|") { choices.append(try sequence(depth: depth)) }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  private mutating func sequence(depth: Int) throws(SVFTError) -> Pattern {
    var parts: [Pattern] = []
    while let letter = current, letter != "|", letter != ")" {
      let part = try atom(depth: depth)
      parts.append(try repeated(part))
    }
    return .sequence(parts)
  }

  private mutating func atom(depth: Int) throws(SVFTError) -> Pattern {
    let letter = try next()
    switch letter {
    case "(": return try group(depth: depth)
    case "[": return .letter(try letterClass())
    case ".": return .letter(.any)
    case "^": return .border(.start)
    case "$": return .border(.end)
    case "*", "+", "?": throw malformed("nothing stands before \(letter) to be repeated")
    case "\\": return try escape()
    default: return .letter(LetterSet(only: letter))
    }
  }

  private mutating func group(depth: Int) throws(SVFTError) -> Pattern {
    if take("?") {
      if take("P"), take("<") {
        while let letter = current, letter != ">" { place += 1 }
        guard take(">") else { throw malformed("a name of a group is not closed") }
      } else {
        guard take(":") else { throw foreign("look-around and flags in parentheses") }
      }
    }
    let inner = try choice(depth: depth + 1)
    guard take(")") else { throw malformed("a parenthesis is not closed") }
    return inner
  }

  private mutating func escape() throws(SVFTError) -> Pattern {
    let letter = try next()
    if let (kind, isNegated) = Self.kind(letter) {
      return .letter(isNegated ? LetterSet(kind).negated : LetterSet(kind))
    }
    switch letter {
    case "b": return .border(.word)
    case "B": return .border(.noWord)
    case "A": return .border(.start)
    case "Z": return .border(.end)
    default: return .letter(LetterSet(only: try escaped(letter)))
    }
  }

  /// The letter that an escaped sign stands for.
  private func escaped(_ letter: Unicode.Scalar) throws(SVFTError) -> Unicode.Scalar {
    guard letter == "_" || !LetterSet.word.contains(letter) else {
      throw foreign("\\\(letter) (back-references and codes of characters)")
    }
    return letter
  }

  private static func kind(_ letter: Unicode.Scalar) -> (LetterSet.Kind, isNegated: Bool)? {
    switch letter {
    case "d": (.digit, false)
    case "D": (.digit, true)
    case "w": (.word, false)
    case "W": (.word, true)
    case "s": (.space, false)
    case "S": (.space, true)
    default: nil
    }
  }

  /// What follows "[".
  private mutating func letterClass() throws(SVFTError) -> LetterSet {
    var set = LetterSet()
    let isNegated = take("^")
    var isFirst = true
    while true {
      var letter = try next("]")
      if letter == "]", !isFirst { return isNegated ? set.negated : set }
      isFirst = false
      if letter == "\\" {
        letter = try next("]")
        if let (kind, isNegated) = Self.kind(letter) {
          set.insert(kind, isNegated: isNegated)
          continue
        }
        letter = try escaped(letter)
      }
      guard current == "-", place + 1 < text.count, text[place + 1] != "]" else {
        set.insert(letter...letter)
        continue
      }
      place += 1
      var last = try next("]")
      if last == "\\" { last = try escaped(next("]")) }
      guard last >= letter else { throw malformed("a range of letters runs backwards") }
      set.insert(letter...last)
    }
  }

  /// A part with the count that follows it, if one does.
  private mutating func repeated(_ part: Pattern) throws(SVFTError) -> Pattern {
    let times: (Int, Int?)
    switch current {
    case "*": times = (0, nil)
    case "+": times = (1, nil)
    case "?": times = (0, 1)
    case "{":
      guard let counted = try braces() else { return part }
      times = counted
    default: return part
    }
    place += 1
    // A lazy count matches the same names.
    _ = take("?")
    if current == "+" { throw foreign("possessive repetitions") }
    var isRepeated = current == "*" || current == "?"
    if current == "{" { isRepeated = try braces() != nil }
    guard !isRepeated else { throw malformed("a repetition is repeated") }
    return .repeated(part, times.0, times.1)
  }

  /// The count in braces, with the place left at its "}"; nil where the braces are only letters.
  private mutating func braces() throws(SVFTError) -> (Int, Int?)? {
    guard let end = text[place...].firstIndex(of: "}") else { return nil }
    let parts = text[(place + 1)..<end].split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.map { part in Int(String(String.UnicodeScalarView(part))) }
    let isCount = zip(parts, numbers).allSatisfy { part, number in
      part.isEmpty || number != nil && part.allSatisfy { $0.properties.numericType == .decimal }
    }
    guard isCount, parts.count == 2 || parts.count == 1 && !parts[0].isEmpty else { return nil }
    let least = (parts[0].isEmpty ? 0 : numbers[0]) ?? 0
    let most = parts.count == 1 ? least : numbers[1]
    for number in [least, most ?? least] {
      _ = try Checked.within(
        number, 0...Self.mostTimes, "repetitions in a module pattern", kind: .limit)
    }
    guard most ?? least >= least else { throw malformed("a count runs backwards") }
    place = end
    return (least, most)
  }

  private mutating func take(_ letter: Unicode.Scalar) -> Bool {
    guard current == letter else { return false }
    place += 1
    return true
  }

  /// The next letter; `closing` is what a class waits for.
  private mutating func next(_ closing: Unicode.Scalar? = nil) throws(SVFTError) -> Unicode.Scalar {
    guard let letter = current else {
      throw malformed(closing.map { "there is no \($0)" } ?? "it ends in an escape")
    }
    place += 1
    return letter
  }

  private var shown: String { String(String.UnicodeScalarView(text)).debugDescription }

  private func malformed(_ reason: String, _ kind: SVFTError.Kind = .format) -> SVFTError {
    SVFTError(kind, "the module pattern \(shown): \(reason)")
  }

  private func foreign(_ what: String) -> SVFTError {
    SVFTError(.unsupported, "the module pattern \(shown): \(what) are not supported")
  }
}

/// Puts the states of an expression in a row; each part goes on to the state behind its own.
struct StateBuilder {
  private(set) var states: [ModulePattern.State] = []
  /// Parts added; of nothing, repeated, there come no states.
  private var parts = 0

  mutating func add(_ pattern: Pattern) throws(SVFTError) {
    parts += 1
    guard parts <= 4 * ModulePattern.mostStates else { throw tooLarge }
    switch pattern {
    case .letter(let set): try append(.letter(set))
    case .border(let border): try append(.border(border))
    case .sequence(let parts): for part in parts { try add(part) }
    case .choice(let parts): try addChoice(parts[...])
    case .repeated(let part, let least, let most):
      for _ in 0..<least { try add(part) }
      guard let most else { return try addLoop(part) }
      try addOptional(part, most - least)
    }
  }

  /// fork(first, rest) first jump-to-end rest…; a jump is a fork with one target.
  private mutating func addChoice(_ parts: ArraySlice<Pattern>) throws(SVFTError) {
    var exits: [Int] = []
    for (index, part) in parts.enumerated() {
      let fork = states.count
      let isLast = index == parts.count - 1
      if !isLast { try append(.fork(fork + 1, fork + 1)) }
      try add(part)
      guard !isLast else { continue }
      exits.append(states.count)
      try append(.fork(0, 0))
      states[fork] = .fork(fork + 1, states.count)
    }
    for exit in exits { states[exit] = .fork(states.count, states.count) }
  }

  private mutating func addLoop(_ part: Pattern) throws(SVFTError) {
    let fork = states.count
    try append(.fork(fork + 1, fork + 1))
    try add(part)
    try append(.fork(fork, fork))
    states[fork] = .fork(fork + 1, states.count)
  }

  private mutating func addOptional(_ part: Pattern, _ times: Int) throws(SVFTError) {
    var forks: [Int] = []
    for _ in 0..<times {
      forks.append(states.count)
      try append(.fork(states.count + 1, states.count + 1))
      try add(part)
    }
    for fork in forks { states[fork] = .fork(fork + 1, states.count) }
  }

  private mutating func append(_ state: ModulePattern.State) throws(SVFTError) {
    guard states.count < ModulePattern.mostStates else { throw tooLarge }
    states.append(state)
  }

  private var tooLarge: SVFTError {
    SVFTError(
      .limit,
      "a module pattern: expected at most \(ModulePattern.mostStates) states, its counts make more")
  }
}
