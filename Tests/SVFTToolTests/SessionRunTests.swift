// svft generate --session: a text in progress across runs of the tool.
import Foundation
import SVFT
import SVFTTool
import TestKit
import Testing

@Suite struct SessionRunTests {
  private static let session = ToolRun.greedy + ["--session", "talk.svfts"]

  /// Tokens made, and ids of the prompt that were not computed.
  private static func run(
    _ flags: [String], in folder: TemporaryFolder
  ) throws -> (tokens: [Int], prompt: Int, reused: Int) {
    let results = try ToolRun.json(session + flags, in: folder)["results"] as? [[String: Any]]
    let made = try #require(results?.first)
    return (
      try #require(made["tokens"] as? [Int]), try #require(made["prompt_tokens"] as? Int),
      try #require(made["reused_tokens"] as? Int)
    )
  }

  @Test func aTextGoesOnWhereTheLastRunLeftIt() throws {
    let folder = try TemporaryFolder()
    let whole = try ToolRun.continued(["-p", "The lamp", "-n", "24"], in: folder)[0].tokens
    let first = try Self.run(["-p", "The lamp"], in: folder)
    #expect(first.reused == 0)
    let second = try Self.run(["--extend"], in: folder)
    #expect(first.tokens + second.tokens == whole && second.reused == second.prompt - 1)
    let third = try Self.run([], in: folder)
    #expect(third.prompt == second.prompt + 12 && third.reused == third.prompt - 1)
    let again = try Self.run(["-p", "The lamp"], in: folder)
    #expect(again.tokens == first.tokens && again.reused == again.prompt - 1)
    let streamed = try ToolRun.result(Self.session + ["--extend", "-p", " and"], in: folder)
    #expect(streamed.count > 1)
    let ids = try Self.run(["--tokens", "1,40,7"], in: folder)
    #expect(ids.prompt == 3 && ids.reused == 1)
    try folder.write("talk.json", #"[{"role": "user", "content": "The lamp?"}]"#)
    let talk = try Self.run(["--messages", "talk.json"], in: folder)
    let alone = try ToolRun.continued(["--messages", "talk.json"], in: folder)[0]
    #expect(talk.tokens == alone.tokens)
  }

  @Test func aCancelledTextIsKept() throws {
    let file = try TemporaryFolder()
    let path = file.file("talk.svfts")
    let model = try Model(path: ToolRun.fixture("llama"))
    var options = GenerationOptions()
    (options.temperature, options.maxTokens, options.ignoresEnd) = (0, 12, true)
    let whole = try model.generate(tokens: [[1, 40, 7]], options)[0].tokens
    var seen = 0
    let failure = #expect(throws: SVFTError.self) {
      try SessionRun(model, file: path).continued { (session) throws(SVFTError) in
        try session.generate(tokens: [1, 40, 7], options) { _, _, _ in
          seen += 1
          return seen < 5
        }
      }
    }
    #expect(failure?.kind == .cancelled)
    #expect(try model.session(restoring: path).tokens == [1, 40, 7] + whole[..<5])
    // Any other failure leaves the file alone.
    #expect(throws: SVFTError.self) {
      try SessionRun(model, file: path).continued { (session) throws(SVFTError) in
        _ = try session.generate(tokens: [9], options)
        return try session.generate(tokens: [], options)
      }
    }
    #expect(try model.session(restoring: path).tokens.count == 8)
  }

  @Test func anInterruptBeforeTheWorkLeavesNoFile() throws {
    let folder = try TemporaryFolder()
    let pipe = Pipe()
    let run = try ToolRun(
      Self.session + ["-p", "-"], in: folder, input: pipe.fileHandleForReading)
    run.interrupt()
    try pipe.fileHandleForWriting.close()
    #expect(run.status == 130)
    #expect(!FileManager.default.fileExists(atPath: folder.file("talk.svfts")))
  }

  @Test(arguments: [
    (["-p", "a", "-p", "b", "--session", "x"], Int32(2), "--session"),
    (["--extend", "-p", "a"], 2, "--extend"),
    (["--extend", "--session", "x", "--tokens", "1"], 2, "--extend"),
    (["-p", "a", "--session", "page.svfts"], 3, "page.svfts"),
    (["-p", "a", "--session", "nowhere/x"], 3, "nowhere"),
    (["-p", "a", "--session", "."], 3, "regular file"),
  ]) func whatIsNoSessionIsNamed(_ flags: [String], _ status: Int32, _ words: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("page.svfts", String(repeating: "<html>", count: 20))
    let run = try ToolRun(ToolRun.greedy + flags, in: folder)
    #expect(run.status == status && run.notes.contains(words), "\(run.status) \(run.notes)")
  }

  /// Before a text is made that could not be kept.
  @Test func aFolderThatIsNotThereIsSaidFirst() throws {
    let run = try ToolRun(
      ToolRun.greedy + ["-p", "The lamp", "--session", "nowhere/a/b.svfts"],
      in: TemporaryFolder())
    #expect(run.status == 3 && run.output.isEmpty, "\(run.output)")
    #expect(run.notes.contains("nowhere/a"))
  }
}
