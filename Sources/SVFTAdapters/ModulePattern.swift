// The keys of PEFT's rank_pattern and alpha_pattern: regular expressions for names of modules. A
// key means a module if
//
//   (.*\.)?(key)$
//
// matches the whole of its name; of several keys the first in the file counts.
//
// The expressions are foreign, so no search goes back: all states that the letters so far can lead
// to are carried along (Thompson 1968), and the time is letters × states at worst. What needs more
// than that – back-references, look-around – is refused. Parsing: ModulePattern+Parsing.swift.
package import SVFTTensor

/// One pattern for names of modules.
package struct ModulePattern: Sendable {
  /// Longest pattern, in characters.
  static let longest = 1024
  /// States of one pattern at most.
  static let mostStates = 4096

  /// What one state asks for.
  enum State: Sendable {
    /// A letter of a set; goes on to the next state.
    case letter(LetterSet)
    /// Nothing; goes on at both places.
    case fork(Int, Int)
    /// A border of the name or of a word.
    case border(Border)
  }

  /// Places between letters.
  enum Border: Sendable { case start, end, word, noWord }

  /// Only word letters and dots, which is what most keys are; a dot is any letter.
  private let plain: [Unicode.Scalar]?
  /// The last state is followed by the end of the name.
  private let states: [State]

  /// Prepares a pattern.
  ///
  /// `.format` for a malformed one, `.unsupported` for what takes more than one walk over the name,
  /// `.limit` for a very long one.
  package init(_ text: String) throws(SVFTError) {
    let letters = Array(text.unicodeScalars)
    _ = try Checked.within(
      letters.count, 1...Self.longest, "characters of a module pattern", kind: .limit)
    if letters.allSatisfy({ LetterSet.word.contains($0) || $0 == "." }) {
      (plain, states) = (letters, [])
      return
    }
    plain = nil
    var parser = PatternParser(letters)
    let key = try parser.pattern()
    let prefix = Pattern.sequence([.repeated(.letter(.any), 0, nil), .letter(.init(only: "."))])
    var builder = StateBuilder()
    try builder.add(.sequence([.repeated(prefix, 0, 1), key]))
    states = builder.states
  }

  /// States that a name is led through; 0 for a plain pattern.
  package var stateCount: Int { states.count }

  /// Whether the pattern means the module of that name.
  package func matches(_ module: String) -> Bool {
    let name = Array(module.unicodeScalars)
    return plain.map { Self.ends($0, name) } ?? run(name)
  }

  private static func ends(_ pattern: [Unicode.Scalar], _ name: [Unicode.Scalar]) -> Bool {
    let start = name.count - pattern.count
    guard start == 0 || start > 0 && name[start - 1] == "." else { return false }
    return zip(pattern, name[start...]).allSatisfy { $0 == "." || $0 == $1 }
  }

  private func run(_ name: [Unicode.Scalar]) -> Bool {
    var current = Frontier(states.count)
    var next = Frontier(states.count)
    follow(0, name, 0, &current)
    for place in name.indices {
      next.clear()
      for state in current.members where state < states.count {
        guard case .letter(let set) = states[state], set.contains(name[place]) else { continue }
        follow(state + 1, name, place + 1, &next)
      }
      swap(&current, &next)
    }
    return current.holds(states.count)
  }

  /// Adds a state and all that can be reached from it without a letter.
  private func follow(
    _ first: Int, _ name: [Unicode.Scalar], _ place: Int, _ frontier: inout Frontier
  ) {
    var open = [first]
    while let state = open.popLast() {
      guard frontier.insert(state), state < states.count else { continue }
      switch states[state] {
      case .letter: break
      case .fork(let one, let other): open += [one, other]
      case .border(let border):
        if border.holds(name, place) { open.append(state + 1) }
      }
    }
  }

  /// A set of states, in the order they were reached.
  private struct Frontier {
    private(set) var members: [Int] = []
    private var flags: [Bool]

    init(_ states: Int) { flags = [Bool](repeating: false, count: states + 1) }

    func holds(_ state: Int) -> Bool { flags[state] }

    mutating func insert(_ state: Int) -> Bool {
      guard !flags[state] else { return false }
      flags[state] = true
      members.append(state)
      return true
    }

    mutating func clear() {
      for state in members { flags[state] = false }
      members.removeAll(keepingCapacity: true)
    }
  }
}

extension ModulePattern.Border {
  fileprivate func holds(_ name: [Unicode.Scalar], _ place: Int) -> Bool {
    func isWord(_ index: Int) -> Bool {
      name.indices.contains(index) && LetterSet.word.contains(name[index])
    }
    let isBorder = isWord(place - 1) != isWord(place)
    return switch self {
    case .start: place == 0
    case .end: place == name.count
    case .word: isBorder
    case .noWord: !isBorder
    }
  }
}

/// A set of letters.
struct LetterSet: Sendable {
  private var ranges: [ClosedRange<UInt32>] = []
  /// Sets that are contained too, by what they are and whether they are turned round.
  private var kinds: [(kind: Kind, isNegated: Bool)] = []
  private var isNegated = false

  /// The sets that have a letter of their own.
  enum Kind { case digit, word, space }

  static let any = LetterSet(only: "\n").negated
  static let word = LetterSet(.word)

  init() {}
  init(only letter: Unicode.Scalar) { insert(letter...letter) }
  init(_ kind: Kind) { kinds = [(kind, false)] }

  var negated: LetterSet {
    var other = self
    other.isNegated.toggle()
    return other
  }

  mutating func insert(_ range: ClosedRange<Unicode.Scalar>) {
    ranges.append(range.lowerBound.value...range.upperBound.value)
  }

  mutating func insert(_ kind: Kind, isNegated: Bool) { kinds.append((kind, isNegated)) }

  func contains(_ letter: Unicode.Scalar) -> Bool {
    let isIn =
      ranges.contains { $0.contains(letter.value) }
      || kinds.contains { Self.contains(letter, $0.kind) != $0.isNegated }
    return isIn != isNegated
  }

  private static func contains(_ letter: Unicode.Scalar, _ kind: Kind) -> Bool {
    let properties = letter.properties
    return switch kind {
    case .digit: properties.generalCategory == .decimalNumber
    case .word: letter == "_" || properties.isAlphabetic || properties.numericType != nil
    case .space: properties.isWhitespace
    }
  }
}
