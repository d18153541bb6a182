// Counts and their harmonic mean, against precision and recall by hand.
import SVFT
import Testing

struct HitsTests {
  @Test func f1IsTheHarmonicMean() {
    var hits = Hits()
    #expect(hits.f1 == 0)
    (hits.found, hits.wanted) = (4, 6)
    #expect(hits.f1 == 0)
    hits.right = 3
    let (precision, recall) = (3.0 / 4, 3.0 / 6)
    #expect(abs(hits.f1 - 2 * precision * recall / (precision + recall)) < 1e-15)
    (hits.right, hits.found, hits.wanted) = (6, 6, 6)
    #expect(hits.f1 == 1)
  }
}
