// Results as JSON: everything is in it, numbers as they are, and text stays text.
import SVFT
import SVFTFormats
import TestKit
import Testing

@Suite struct ReportTests {
  @Test func generationsKeepTheirOrderTokensAndText() throws {
    let model = try TinyVerbs().model()
    // A quote, a backslash and a control character must survive; so must "no text at all".
    let ids = try model.tokenize("\"\\\u{1}é", special: false)
    var options = GenerationOptions()
    (options.temperature, options.maxTokens, options.presencePenalty) = (0, ids.count, 9000)
    for (place, id) in ids.enumerated() { options.logitBias[id] = 5000 - 100 * Float(place) }
    let made = try model.generate(["the cat", "a"], options)
    #expect(made[0].text == "\"\\\u{1}é")
    let results = try JSON.parse(Report.json(of: made)).root("report").objects("results")
    #expect(results.count == 2)
    for (result, one) in zip(results, made) {
      #expect(try result.string("text") == one.text)
      #expect(try result.ints("tokens") == one.tokens.map { Int($0) })
      #expect(try result.string("ending") == "length")
      #expect(try result.int("prompt_tokens") == one.promptTokens)
      #expect(try result.int("reused_tokens") == 0)
    }
    #expect(try JSON.parse(Report.json(of: [Generation]())).root("r").objects("results").isEmpty)
  }

  @Test func classificationsHaveEveryClassAndScoresNone() throws {
    let tiny = try TinyVerbs(encoder: true)
    let model = try tiny.model()
    let adapter = try model.createAdapter(#"{"method":"head"}"#)
    try trainBriefly(adapter, try tiny.labelled())
    let made = try model.classify(["the cat sat"])
    let result = try #require(
      try JSON.parse(Report.json(of: made)).root("report").objects("results").first)
    #expect(try result.string("label") == made[0].label)
    #expect(try result.double("score") == made[0].score)
    let scores = try result.object("scores")
    #expect(scores.members.map { $0.0 } == ["cat", "dog"])
    #expect(try scores.double("dog") == made[0].scores[1].probability)
    let other = try TinyVerbs(encoder: true)
    let data = try other.folder.write(
      "scores.jsonl", "{\"text\":\"the cat\",\"label\":1.5}\n{\"text\":\"a dog\",\"label\":2}")
    let scored = try other.model()
    try trainBriefly(try scored.createAdapter(#"{"method":"head"}"#), data)
    let number = try #require(
      try JSON.parse(Report.json(of: scored.classify(["the cat"]))).root("report")
        .objects("results").first)
    #expect(!number.has("label") && !number.has("scores") && number.has("score"))
  }

  @Test func vectorsComeBackBitForBit() throws {
    let vectors: [[Float]] = [[1 / 3, -0.5, 1e-38, .greatestFiniteMagnitude], []]
    let lists = try JSON.parse(Report.json(of: vectors)).root("report").array("vectors")
    let back = try lists.map { list in
      try list.array("a vector").map { Float(try $0.double("a number")) }
    }
    #expect(back == vectors)
  }

  @Test func evaluationsSayOnlyWhatTheyKnow() throws {
    let tiny = try TinyVerbs()
    var made = try tiny.model().evaluate(try tiny.data())
    let report = try JSON.parse(Report.json(of: made)).root("report")
    #expect(try report.double("loss") == made.loss)
    #expect(try report.double("perplexity") == made.perplexity)
    #expect(try report.int("count") == made.count)
    #expect(!report.has("spearman"))
    made.perplexity = .infinity
    #expect(try !JSON.parse(Report.json(of: made)).root("report").has("perplexity"))
  }

  /// In the report's order, with five digits; long lists of numbers by name in one line.
  @Test func textIsForPeople() throws {
    let modules = (0..<9).map { "\"m\($0)\":\(Double($0) / 7)" }.joined(separator: ",")
    let zeros = (0..<9).map { "\"m\($0)\":0.0" }.joined(separator: ",")
    let text = try Report.text(
      of: #"{"b":{"x":1234567,"y":0.000123456},"a":[1,"two"],"rows":[{"n":"q","v":1.5},"#
        + #"{"n":"r","w":null}],"big":1234567.8,"shares":{\#(modules)},"left":{\#(zeros)}}"#)
    #expect(
      text.split(separator: "\n").map(String.init) == [
        "b.x 1234567", "b.y 0.00012346", "a 1 two", "rows", "| n | v | w |", "| --- | --- | --- |",
        "| q | 1.5 |  |", "| r |  | null |", "big 1234568",
        "shares, the largest of 9: m8 1.1429, m7 1.0, m6 0.85714", "left 0.0 in each of 9",
      ])
    #expect(try Report.text(of: "{\(modules)}").split(separator: "\n").count == 9)
    #expect(throws: SVFTError.self) { try Report.text(of: "[1]") }
  }
}
