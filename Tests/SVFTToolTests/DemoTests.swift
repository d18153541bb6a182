// svft demo: the whole job in one command, as a story and as JSON.
import Foundation
import TestKit
import Testing

@Suite struct DemoTests {
  @Test func theStoryHasItsProducts() throws {
    let folder = try TemporaryFolder()
    let data = ToolRun.fixture("tales.jsonl")
    let demo = [
      "demo", "--model", ToolRun.fixture("llama"), "--data", data, "--validation", data,
      "--output", "out", "--prompt", "The lamp", "-n", "6", "--steps", "4", "--learning-rate",
      "0.05", "--options", #"{"pattern":"banded","d":1}"#,
    ]
    let story = try ToolRun.result(demo, in: folder)
    #expect(story.contains("--- before\nThe lamp") && story.contains("held-out loss"))
    try FileManager.default.removeItem(atPath: folder.file("out"))
    let report = try ToolRun.json(demo, in: folder)
    let before = try #require(report["before"] as? [String: Any])
    let after = try #require(report["after"] as? [String: Any])
    #expect((before["text"] as? String)?.hasPrefix("The lamp") == true)
    #expect(try #require(after["loss"] as? Double) < (try #require(before["loss"] as? Double)))
    for key in ["adapter", "merged", "picture"] {
      let path = try #require(report[key] as? String)
      #expect(FileManager.default.fileExists(atPath: folder.file(path)), "\(path)")
    }
  }
}
