// Inputs packed into steps come back in their order, each as if it were alone.
import SVFT
import TestKit
import Testing

@Suite struct PackingTests {
  private let texts = (0..<150).map {
    String(repeating: "cat sat ", count: $0 % 13 + ($0 == 77 ? 40 : 0)) + "\($0)"
  }

  @Test func manyTextsEqualEachAlone() throws {
    let tiny = try TinyVerbs(encoder: true)
    let model = try tiny.model()
    let together = try model.embed(texts)
    #expect(together.count == texts.count)
    for (text, vector) in zip(texts, together) {
      let alone = try model.embed([text])[0]
      #expect(zip(alone, vector).allSatisfy { abs($0 - $1) < 1e-5 }, "\(text)")
    }
    #expect(try model.embed([]).isEmpty)
  }

  @Test func lossesAreThoseOfRecordsOneByOne() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let records = texts.prefix(70).map { "{\"text\":\"\($0)\"}" }
    var (sum, count) = (0.0, 0)
    for record in records {
      let one = try model.evaluate(tiny.lines([record], name: "one.jsonl"))
      sum += one.loss * Double(one.count)
      count += one.count
    }
    let all = try model.evaluate(tiny.lines(records))
    #expect(all.count == count && abs(all.loss - sum / Double(count)) < 1e-5)
  }
}
