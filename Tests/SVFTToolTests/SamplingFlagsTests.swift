// The flags of sampling reach the sampler, and what no sampler takes is refused.
import TestKit
import Testing

@Suite struct SamplingFlagsTests {
  @Test func flagsReachTheSampler() throws {
    let folder = try TemporaryFolder()
    let prompt = ["-p", "The lamp"]
    let free = try ToolRun.continued(prompt, in: folder)[0]
    let first = try #require(free.tokens.first)
    #expect(
      try ToolRun.continued(prompt + ["--logit-bias", "\(first):-100"], in: folder)[0].tokens[0]
        != first)
    #expect(
      try ToolRun.continued(prompt + ["--stop-token", "\(first)"], in: folder)[0].tokens.count == 1)
    let stop = String(free.text.dropFirst(3).prefix(1))
    #expect(try !ToolRun.continued(prompt + ["--stop", stop], in: folder)[0].text.contains(stop))
    #expect(
      try ToolRun.continued(prompt + ["--repeat-penalty", "50"], in: folder)[0].tokens
        != free.tokens)
    var drawn: Set<[Int]> = []
    for seed in ["1", "2", "3"] {
      let hot = prompt + ["--temp", "3", "--top-k", "0", "--top-p", "1", "--min-p", "0"]
      drawn.insert(try ToolRun.continued(hot + ["--seed", seed], in: folder)[0].tokens)
    }
    #expect(drawn.count > 1)
  }

  @Test(arguments: [
    (["--logit-bias", "7"], "--logit-bias: expected TOKEN:BIAS"),
    (["--logit-bias", "99999:1"], "logit_bias"), (["--top-p", "2"], "top_p"),
    (["--min-p=-1"], "min_p"), (["--stop", ""], "stop string"),
    (["--repeat-last-n=-1"], "penalty_window"), (["--frequency-penalty", "nan"], "frequency"),
  ]) func absurdFlagsAreUsageErrors(_ flags: [String], _ words: String) throws {
    let notes = try ToolRun.failure(ToolRun.greedy + ["-p", "x"] + flags, 2, in: TemporaryFolder())
    #expect(notes.contains(words), "\(notes)")
  }
}
