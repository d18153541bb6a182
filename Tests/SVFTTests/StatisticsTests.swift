// Figures against values worked out by hand.
import SVFT
import Testing

@Suite struct StatisticsTests {
  @Test func tiesShareTheirMeanRank() {
    #expect(Statistics.ranks([3, 1, 3, 2]) == [3.5, 1, 3.5, 2])
  }

  @Test func correlationsOfKnownLists() {
    #expect(abs(Statistics.spearman([1, 2, 3, 4], [1, 4, 9, 16]) - 1) < 1e-12)
    #expect(abs(Statistics.pearson([1, 2, 3], [3, 2, 1]) + 1) < 1e-12)
    #expect(Statistics.pearson([1, 1], [1, 2]).isNaN)
  }

  @Test func meansAndDeviationsOfSamples() {
    #expect(Statistics.mean([1, 2, 6]) == 3)
    #expect(abs(Statistics.deviation([1, 2, 6]) - 7.0.squareRoot()) < 1e-15)
    #expect(Statistics.deviation([4]).isNaN && Statistics.mean([]).isNaN)
  }

  @Test func notANumberEndsToo() {
    #expect(Statistics.ranks([.nan, 1, .nan]).count == 3)
  }

  @Test func softmaxSumsToOne() {
    let shares = Statistics.softmax([1000, 1000, -1000])
    #expect(shares == [0.5, 0.5, 0])
  }
}
