// svft generate: prompts, conversations and tokens, by flag, file and stdin; streaming, batches.
import SVFT
import TestKit
import Testing

@Suite struct GenerateTests {
  private static let talk = #"[{"role": "user", "content": "The lamp?</s>"}]"#

  @Test func streamedPipedBatchedAndJSONAreTheSameText() throws {
    let folder = try TemporaryFolder()
    let streamed = try ToolRun.result(ToolRun.greedy + ["-p", "The lamp"], in: folder)
    let piped = try ToolRun(ToolRun.greedy + ["-p", "-"], in: folder, text: "The lamp")
    #expect(piped.status == 0 && piped.output == streamed)
    let both = try ToolRun.continued(["-p", "The sea is", "-p", "The lamp"], in: folder)
    #expect(both.map(\.tokens.count) == [12, 12] && both[1].text + "\n" == streamed)
    let batch = try ToolRun.result(
      ToolRun.greedy + ["-p", "The sea is", "-p", "The lamp"], in: folder)
    #expect(batch == "The sea is\(both[0].text)\n\nThe lamp\(both[1].text)\n\n")
    #expect(try ToolRun.result(ToolRun.greedy, in: folder).count > 1)
  }

  @Test func aConversationIsItsTokens() throws {
    let folder = try TemporaryFolder()
    try folder.write("talk.json", Self.talk)
    try folder.write("other.json", #"[{"role": "user", "content": "The sea"}]"#)
    let streamed = try ToolRun.result(ToolRun.greedy + ["--messages", "talk.json"], in: folder)
    let piped = try ToolRun(ToolRun.greedy + ["--messages", "-"], in: folder, text: Self.talk)
    #expect(piped.status == 0 && piped.output == streamed)
    let files = ["--messages", "talk.json", "--messages", "other.json"]
    let both = try ToolRun.continued(files + ["--chat-layout", "plain"], in: folder)
    #expect(both.count == 2 && both[0].text + "\n" == streamed)
    let batch = try ToolRun.result(ToolRun.greedy + files, in: folder)
    #expect(batch == "\(both[0].text)\n\n\(both[1].text)\n\n")
    // Laid out by the library, in which a message cannot write control tokens.
    let ids = try Model(path: ToolRun.fixture("llama")).tokenize(conversation: Self.talk)
    #expect(ids.first == 1 && ids.dropFirst().allSatisfy { $0 > 2 })
    let list = ids.map { "\($0)" }.joined(separator: ",")
    let again = try ToolRun.continued(["--tokens", list, "--tokens", "1, 40"], in: folder)
    #expect(again.count == 2 && again[0].tokens == both[0].tokens)
    #expect(try ToolRun.result(ToolRun.greedy + ["--tokens", list], in: folder) == streamed)
  }

  @Test func eachPromptMayHaveAnAdapterOfItsOwn() throws {
    let folder = try TemporaryFolder()
    try ToolRun.train(["--steps", "4", "--learning-rate", "0.3"], in: folder)
    func texts(_ flags: [String]) throws -> [String] {
      try ToolRun.continued(flags, in: folder).map(\.text)
    }
    let alone = try [[], ["--adapter", "run"], ["--adapter", "run:-0.5"]].map {
      try texts($0 + ["-p", "The lamp"])[0]
    }
    #expect(Set(alone).count == 3)
    let prompts = ["-p", "The lamp", "-p", "The lamp", "-p", "The lamp"]
    let flags = ["--adapter", "run:-0.5", "--adapter", "none", "--adapter", "run"]
    #expect(
      try texts(prompts + flags + ["--adapter-per-prompt"]) == [alone[2], alone[0], alone[1]])
    let few = try ToolRun(
      ToolRun.greedy + prompts + ["--adapter", "run", "--adapter-per-prompt"], in: folder)
    #expect(few.status == 2 && few.notes.contains("each of 3 prompts, found 1"), "\(few.notes)")
  }

  @Test func withoutATokenizerIdsAreWritten() throws {
    let folder = try TemporaryFolder()
    let flags =
      ["generate", "--model", ToolRun.fixture("families/llama"), "--temp", "0", "-n", "4"]
      + ["--ignore-eos", "--tokens", "1,7,39"]
    let report = try ToolRun.json(flags, in: folder)
    let found = try #require(report["results"] as? [[String: Any]])
    let ids = try #require(found[0]["tokens"] as? [Int]).map(String.init).joined(separator: ",")
    #expect(ids.split(separator: ",").count == 4)
    #expect(try ToolRun.result(flags, in: folder) == ids + "\n")
    #expect(try ToolRun.result(flags + ["--tokens", "1,7,39"], in: folder) == "\(ids)\n\(ids)\n")
  }

  @Test func whatStdinHasIsNamedToo() throws {
    let run = try ToolRun(
      ToolRun.greedy + ["--messages", "-"], in: TemporaryFolder(), text: "[{")
    #expect(run.status == 3 && run.notes.contains("standard input: "), "\(run.notes)")
  }

  @Test(arguments: [
    (["-p", "x", "--tokens", "1"], Int32(2), "expected one of"),
    (["--tokens", "1,x"], 2, "--tokens: expected"), (["--tokens", ""], 2, "--tokens: expected"),
    (["--tokens", "-5"], 2, "--tokens"), (["--tokens=-5"], 2, "token ids from 0"),
    (["--messages", "nowhere.json"], 3, "nowhere.json"),
    (["--messages", "half.json"], 3, "half.json"),
    (["--messages", "robot.json"], 3, "robot.json: role"),
    (["--messages", "robot.json", "--chat-layout", "html"], 2, "--chat-layout"),
  ]) func whatIsNoPromptIsNamed(_ flags: [String], _ status: Int32, _ words: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("half.json", "[{")
    try folder.write("robot.json", #"[{"role": "robot", "content": "a"}]"#)
    let notes = try ToolRun.failure(ToolRun.greedy + flags, status, in: folder)
    #expect(notes.contains(words), "\(notes)")
  }
}
