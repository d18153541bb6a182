// svft generate: prompts by flag and by stdin, streaming, batches, flags that reach the sampler.
import TestKit
import Testing

@Suite struct GenerateTests {
  private static let greedy =
    ["generate"] + ToolRun.llama + ["--temp", "0", "--ignore-eos", "-n", "12"]

  private func results(
    _ flags: [String], in folder: TemporaryFolder
  ) throws -> [(text: String, tokens: [Int])] {
    let report = try ToolRun.json(Self.greedy + flags, in: folder)
    return try #require(report["results"] as? [[String: Any]]).map {
      (try #require($0["text"] as? String), try #require($0["tokens"] as? [Int]))
    }
  }

  @Test func streamedPipedBatchedAndJSONAreTheSameText() throws {
    let folder = try TemporaryFolder()
    let streamed = try ToolRun.result(Self.greedy + ["-p", "The lamp"], in: folder)
    let piped = try ToolRun(Self.greedy + ["-p", "-"], in: folder, text: "The lamp")
    #expect(piped.status == 0 && piped.output == streamed)
    let both = try results(["-p", "The sea is", "-p", "The lamp"], in: folder)
    #expect(both.map(\.tokens.count) == [12, 12] && both[1].text + "\n" == streamed)
    let batch = try ToolRun.result(
      Self.greedy + ["-p", "The sea is", "-p", "The lamp"], in: folder)
    #expect(batch == "The sea is\(both[0].text)\n\nThe lamp\(both[1].text)\n\n")
    #expect(try ToolRun.result(Self.greedy, in: folder).count > 1)
  }

  @Test func flagsReachTheSampler() throws {
    let folder = try TemporaryFolder()
    let prompt = ["-p", "The lamp"]
    let free = try results(prompt, in: folder)[0]
    let first = try #require(free.tokens.first)
    #expect(
      try results(prompt + ["--logit-bias", "\(first):-100"], in: folder)[0].tokens[0] != first)
    #expect(try results(prompt + ["--stop-token", "\(first)"], in: folder)[0].tokens.count == 1)
    let stop = String(free.text.dropFirst(3).prefix(1))
    #expect(try !results(prompt + ["--stop", stop], in: folder)[0].text.contains(stop))
    #expect(try results(prompt + ["--repeat-penalty", "50"], in: folder)[0].tokens != free.tokens)
    var drawn: Set<[Int]> = []
    for seed in ["1", "2", "3"] {
      let hot = prompt + ["--temp", "3", "--top-k", "0", "--top-p", "1", "--min-p", "0"]
      drawn.insert(try results(hot + ["--seed", seed], in: folder)[0].tokens)
    }
    #expect(drawn.count > 1)
  }

  @Test(arguments: [
    (["--logit-bias", "7"], "--logit-bias: expected TOKEN:BIAS"),
    (["--logit-bias", "99999:1"], "logit_bias"), (["--top-p", "2"], "top_p"),
    (["--min-p=-1"], "min_p"), (["--stop", ""], "stop string"),
    (["--repeat-last-n=-1"], "penalty_window"), (["--frequency-penalty", "nan"], "frequency"),
  ]) func absurdFlagsAreUsageErrors(_ flags: [String], _ words: String) throws {
    let notes = try ToolRun.failure(Self.greedy + ["-p", "x"] + flags, 2, in: TemporaryFolder())
    #expect(notes.contains(words), "\(notes)")
  }
}
