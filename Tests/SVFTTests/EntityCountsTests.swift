// Entities in sequences of classes, counted by hand as seqeval counts them.
import SVFT
import Testing

@Suite struct EntityCountsTests {
  private static let names = ["O", "B-LOC", "I-LOC", "B-PER", "I-PER", "S-PER", "E-LOC"]

  /// The F1 of sequences of names.
  private func f1(_ pairs: [(found: String, wanted: String)]) throws -> Double {
    var counts = try #require(EntityCounts(Self.names))
    func numbers(_ text: String) -> [Int] {
      text.split(separator: " ").map { name in Self.names.firstIndex(of: String(name)) ?? -1 }
    }
    for pair in pairs { counts.add(found: numbers(pair.found), wanted: numbers(pair.wanted)) }
    return counts.hits.f1
  }

  @Test func wholeEntitiesCount() throws {
    #expect(try f1([("B-LOC I-LOC O", "B-LOC I-LOC O")]) == 1)
    #expect(try f1([("B-LOC O O", "B-LOC I-LOC O")]) == 0)
    #expect(try f1([("B-LOC I-LOC B-PER", "B-LOC I-LOC O")]) == 2.0 / 3)
    #expect(try f1([("O O", "O O")]) == 0)
  }

  @Test func whatGoesOnBeginsWhereNothingIsOpen() throws {
    #expect(try f1([("I-LOC I-LOC O", "B-LOC I-LOC O")]) == 1)
    #expect(try f1([("B-LOC I-PER", "B-LOC B-PER")]) == 1)
    #expect(try f1([("B-LOC B-LOC", "B-LOC I-LOC")]) == 0)
    #expect(try f1([("S-PER I-PER", "B-PER B-PER")]) == 1)
    #expect(try f1([("B-LOC E-LOC E-LOC", "B-LOC I-LOC B-LOC")]) == 1)
  }

  @Test func sequencesEndEntities() throws {
    #expect(try f1([("B-LOC", "B-LOC"), ("I-LOC", "O")]) == 2.0 / 3)
  }

  @Test func otherNamesHaveNoEntities() {
    #expect(EntityCounts(["NOUN", "VERB"]) == nil)
    #expect(EntityCounts(["O"]) == nil && EntityCounts([]) == nil)
    #expect(EntityCounts(["B-", "O"]) == nil)
  }
}
