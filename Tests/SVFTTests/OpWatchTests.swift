// What a report of speed says of ops: products and passes, for one repeat, and nothing where it was
// not asked for.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct OpWatchTests {
  private struct Line: Equatable {
    let op: String
    let pass: String
  }

  private static func ops(
    _ part: String, _ options: String
  ) throws -> [(line: Line, entry: JSON.Object)] {
    let report = try JSON.parse(TinyVerbs().model().bench(options)).root("report")
    return try report.object(part).objects("ops").map { entry in
      (try Line(op: entry.string("op"), pass: entry.string("pass")), entry)
    }
  }

  @Test func aStepIsTakenApart() throws {
    let once = try Self.ops(
      "train", #"{"prompt":8,"decode":4,"train":1,"repeats":1,"ops":true}"#)
    let thrice = try Self.ops(
      "train", #"{"prompt":8,"decode":4,"train":3,"repeats":2,"ops":true}"#)
    for line in [("Attention", "forward"), ("Attention", "backward"), ("CrossEntropy", "forward")] {
      let found = once.filter { $0.line == Line(op: line.0, pass: line.1) }
      #expect(!found.isEmpty, "\(line)")
    }
    for (line, entry) in once {
      #expect(try entry.double("seconds") >= 0 && entry.double("waiting") >= 0)
      #expect(entry.has("multiply_adds") != entry.has("bytes"))
      // Per repeat: as often in three steps as in one.
      let same = thrice.filter { $0.line == line }
      #expect(try same.map { try $0.entry.double("calls") }.contains(entry.double("calls")))
    }
    let lengths = try once.map { try $0.entry.double("seconds") + $0.entry.double("waiting") }
    #expect(lengths == lengths.sorted(by: >))
  }

  @Test func promptsAndTokensHaveTheirOwn() throws {
    let options = #"{"prompt":8,"decode":4,"repeats":2,"ops":true}"#
    let (prefill, decode) = (try Self.ops("prefill", options), try Self.ops("decode", options))
    func calls(_ ops: [(line: Line, entry: JSON.Object)]) throws -> Double {
      try ops.filter { $0.line.op == "Attention" }.reduce(0) { try $0 + $1.entry.double("calls") }
    }
    #expect(try calls(decode) == 4 * calls(prefill))
    #expect(prefill.allSatisfy { $0.line.pass == "forward" })
  }

  @Test func nothingIsNotedUnasked() throws {
    let report = try JSON.parse(TinyVerbs().model().bench(#"{"prompt":8,"decode":4}"#))
    #expect(try !report.root("report").object("prefill").has("ops"))
  }
}
