// Entities in the classes of words, and how many of them were found: what taggers are compared by,
// as conlleval and seqeval count it.
//
//   B-X begins an entity of kind X, I-X goes on with one (or begins it, where none of its kind is
//   open), E-X and S-X end and are one, O is outside

/// Running counts over sequences of classes.
package struct EntityCounts {
  /// Entities, right where their words and their kind are.
  package private(set) var hits = Hits()
  private let classes: [Tag]

  /// A class as entities see it.
  private struct Tag: Equatable {
    let prefix: Character
    let kind: Substring
  }

  /// An entity of one sequence.
  private struct Entity: Hashable {
    let kind: Substring
    let words: Range<Int>
  }

  /// Nil unless `names` are classes of entities.
  package init?(_ names: [String]) {
    var classes: [Tag] = []
    for name in names {
      let parts = name.split(separator: "-", maxSplits: 1)
      if name == "O" {
        classes.append(Tag(prefix: "O", kind: ""))
      } else if parts.count == 2, ["B", "I", "E", "S"].contains(parts[0]) {
        classes.append(Tag(prefix: Character(String(parts[0])), kind: parts[1]))
      } else {
        return nil
      }
    }
    guard classes.contains(where: { $0.prefix != "O" }) else { return nil }
    self.classes = classes
  }

  /// Counts the entities of one sequence; classes by number.
  package mutating func add(found: some Collection<Int>, wanted: some Collection<Int>) {
    let (mine, theirs) = (entities(found), entities(wanted))
    hits.right += mine.intersection(theirs).count
    hits.found += mine.count
    hits.wanted += theirs.count
  }

  private func entities(_ numbers: some Collection<Int>) -> Set<Entity> {
    let outside = Tag(prefix: "O", kind: "")
    var result: Set<Entity> = []
    var (before, start) = (outside, 0)
    let tags = numbers.map { classes.indices.contains($0) ? classes[$0] : outside } + [outside]
    for (place, tag) in tags.enumerated() {
      let goesOn =
        (tag.prefix == "I" || tag.prefix == "E") && (before.prefix == "B" || before.prefix == "I")
        && tag.kind == before.kind
      if !goesOn {
        if before.prefix != "O" {
          result.insert(Entity(kind: before.kind, words: start..<place))
        }
        start = place
      }
      before = tag
    }
    return result
  }
}
