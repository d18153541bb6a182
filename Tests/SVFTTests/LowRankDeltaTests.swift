// The best factors of a change: exact where the rank allows it, the truth about what was left out
// where it does not.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct LowRankDeltaTests {
  /// ΔW of the adapter by module, dense.
  private func deltas(_ adapter: Adapter, _ folder: TemporaryFolder) throws -> Safetensors {
    let path = folder.file("delta.safetensors")
    _ = try adapter.export(to: path, options: #"{"to":"delta"}"#)
    return try Safetensors(path)
  }

  private func floats(_ file: Safetensors, _ name: String) throws -> [Float] {
    try file.bytes(name).array.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }

  /// ‖ΔW − B A‖² / ‖ΔW‖² of one module.
  private func error(
    _ delta: [Float], _ file: Safetensors, _ module: String
  ) throws -> Double {
    let key = "base_model.model.\(module)"
    let shape = try file.require(key + ".lora_A.weight").shape
    let (a, b) = (
      try floats(file, key + ".lora_A.weight"), try floats(file, key + ".lora_B.weight")
    )
    let (rank, columns) = (shape[0], shape[1])
    var (left, whole) = (0.0, 0.0)
    for (index, value) in delta.enumerated() {
      let (row, column) = (index / columns, index % columns)
      var sum = 0.0
      for k in 0..<rank { sum += Double(b[row * rank + k]) * Double(a[k * columns + column]) }
      left += (Double(value) - sum) * (Double(value) - sum)
      whole += Double(value) * Double(value)
    }
    return left / whole
  }

  @Test func whatIsLeftOutIsMeasuredTrulyAndFallsWithTheRank() throws {
    let tiny = try TinyVerbs()
    let adapter = try tiny.model().createAdapter(
      #"{"method":"svft","pattern":"banded","d":3,"targets":["q_proj","up_proj"]}"#)
    try trainBriefly(adapter, try tiny.data())
    let dense = try deltas(adapter, tiny.folder)
    var last = 1.0
    for rank in [1, 4, 16, 32, 40] {
      let path = tiny.folder.file("rank\(rank)")
      let report = try JSON.parse(adapter.export(to: path, options: "{\"rank\":\(rank)}"))
        .root("report")
      let said = try report.double("left_out")
      let file = try Safetensors(path + "/adapter_model.safetensors")
      let found =
        try dense.names.map { name in
          try error(floats(dense, name), file, String(name.dropLast(".weight".count)))
        }.max() ?? 1
      #expect(abs(said - found) < 1e-5)
      #expect(said < last || said < 1e-9)
      last = said
    }
    #expect(last < 1e-9)
  }

  @Test func theRankOfItsOwnIsFound() throws {
    let tiny = try TinyVerbs()
    for (method, rank) in [
      (#"{"method":"lora","r":3,"targets":["q_proj"]}"#, 3),
      (#"{"method":"svft","targets":["k_proj"]}"#, 16),
    ] {
      let adapter = try tiny.model().createAdapter(method)
      try trainBriefly(adapter, try tiny.data())
      let report = try JSON.parse(
        adapter.export(to: tiny.folder.file("rank\(rank)"), options: "{}")
      ).root("report")
      #expect(try report.int("rank") == rank)
      #expect(try report.double("left_out") < 1e-9)
    }
  }

  @Test func noChangeAtAllIsARankOfOne() throws {
    let tiny = try TinyVerbs()
    let adapter = try tiny.model().createAdapter(#"{"method":"svft"}"#)
    let path = tiny.folder.file("nothing")
    let report = try JSON.parse(adapter.export(to: path, options: "{}")).root("report")
    #expect(try report.int("rank") == 1)
    #expect(try report.double("left_out") == 0)
    let other = try tiny.model()
    let before = try other.logits([1, 2, 3])
    _ = try other.loadAdapter(path)
    #expect(try other.logits([1, 2, 3]) == before)
  }
}
