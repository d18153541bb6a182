// svft ablate: a table or JSON on stdout, files in the folder, Ctrl-C and going on.
import Foundation
import TestKit
import Testing

@Suite struct AblateTests {
  private static let ablate =
    ["ablate"] + ToolRun.llama + [
      "--data", ToolRun.fixture("tales.jsonl"), "--val-split", "0.2", "--output", "out",
      "--learning-rate", "0.05",
    ]

  @Test func theResultIsATableAndAPicture() throws {
    let folder = try TemporaryFolder()
    let flags =
      Self.ablate + ["--steps", "2", "--groups", "q_proj;v_proj;q_proj,v_proj", "--budget", "96"]
    let lines = try ToolRun.result(flags, in: folder).split(separator: "\n").map(String.init)
    #expect(lines[0] == "| modules | options | trained | loss | change | s |")
    #expect(lines[2].hasPrefix("| q_proj | pattern random, count 48 | 96 | "))
    #expect(lines[4].hasPrefix("| q_proj,v_proj | pattern random, count 24 | 96 | "))
    #expect(lines[2].contains(" ± ") && lines.count == 6)
    #expect(lines[5].hasPrefix("Without adapter: "))
    let picture = try String(contentsOfFile: folder.file("out/ablation.svg"), encoding: .utf8)
    #expect(picture.hasPrefix("<svg"))
    let report = try ToolRun.json(flags, in: folder)
    #expect(report["finished"] as? Bool == true)
    let plot = ["plot", "out/ablation.json", "--output", "again.svg"]
    #expect(try ToolRun.result(plot, in: folder) == "picture again.svg\n")
    #expect(try String(contentsOfFile: folder.file("again.svg"), encoding: .utf8) == picture)
    #expect(try ToolRun.failure(flags + ["--seeds", "3"], 3, in: folder).contains("seeds"))
  }

  @Test func interruptedItKeepsWhatIsDone() throws {
    let folder = try TemporaryFolder()
    let flags = Self.ablate + ["--steps", "40", "--seeds", "1000"]
    let run = try ToolRun(flags, in: folder)
    while !FileManager.default.fileExists(atPath: folder.file("out/ablation.svg")), run.isRunning {
      usleep(5_000)
    }
    run.interrupt()
    #expect(run.status == 130 && run.output.isEmpty)
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.file("out/ablation.json")))
    let report = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(report["finished"] as? Bool == false)
    let groups = try #require(report["groups"] as? [[String: Any]])
    #expect((groups.first?["runs"] as? [Any])?.isEmpty == false)
  }

  @Test(arguments: [
    (["--groups", "x_proj"], 3, "x_proj"), (["--budget", "1"], 2, "budget"),
    (["--method", "full"], 3, "full"), (["--options", "[]"], 2, "--options"),
    (["--resume"], 2, "resume"),
  ]) func whatCannotBeComparedSaysWhy(_ flags: [String], _ status: Int32, _ words: String) throws {
    let folder = try TemporaryFolder()
    #expect(try ToolRun.failure(Self.ablate + flags, status, in: folder).contains(words))
  }
}
