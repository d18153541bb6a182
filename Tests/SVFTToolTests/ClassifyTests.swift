// svft classify: labels of texts and pairs, as lines and as JSON.
import TestKit
import Testing

@Suite struct ClassifyTests {
  @Test func aTrainedModelNamesClasses() throws {
    let folder = try TemporaryFolder()
    let classify = ["classify"] + ToolRun.bert
    let texts = ["who keeps the sea?", "where is the gull?"]
    #expect(try ToolRun.failure(classify + texts, 3, in: folder).contains("head"))
    let summary = try ToolRun.json(
      ["train"] + ToolRun.bert + [
        "--data", ToolRun.fixture("questions.jsonl"), "--output", "run", "--method", "lora",
        "--options", #"{"r":4}"#, "--targets", "query", "--targets", "value", "--epochs", "20",
        "--learning-rate", "0.02", "--batch-size", "8",
      ], in: folder)
    #expect(summary["finished"] as? Bool == true)
    let trained = classify + ["--adapter", "run"] + texts
    let lines = try ToolRun.result(trained, in: folder).split(separator: "\n")
    #expect(lines.map { $0.split(separator: "\t").first } == ["person", "place"])
    #expect(lines.map { $0.split(separator: "\t").last.map(String.init) } == texts)
    let report = try ToolRun.json(trained + ["--pair", "a", "--pair", "b"], in: folder)
    let results = try #require(report["results"] as? [[String: Any]])
    #expect(results.count == 2 && results.allSatisfy { $0["scores"] is [String: Double] })
    let odd = try ToolRun.failure(trained + ["--pair", "alone"], 2, in: folder)
    #expect(odd.contains("pairs"))
    let figures = try ToolRun.result(
      ["eval"] + ToolRun.bert + [
        "--adapter", "run", "--data", ToolRun.fixture("questions.jsonl"),
      ], in: folder)
    #expect(figures.contains("accuracy 1.00000") && !figures.contains("perplexity"))
  }
}
