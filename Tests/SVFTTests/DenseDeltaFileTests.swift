// Files of dense changes: vectors and matrices, names and rows of GGUF files, and everything that
// is no change of this model.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct DenseDeltaFileTests {
  private static let ids: [Int32] = [1, 20, 30, 40, 50]

  @Test func vectorsAndMatricesGoWhereTheyBelong() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let before = try model.logits(Self.ids)
    let path = tiny.folder.file("delta.safetensors")
    try writeDelta(
      path,
      [
        ("model.norm.weight", [32], [Float](repeating: 0.5, count: 32)),
        ("model.layers.0.mlp.up_proj.weight", [64, 32], [Float](repeating: 0.25, count: 2048)),
      ])
    let (adapter, text) = try model.importAdapter(from: path, options: #"{"method":"full"}"#)
    let report = try JSON.parse(text).root("report")
    #expect(try report.object("modules").count == 2 && report.double("captured") > 1 - 1e-6)
    #expect(abs(try report.double("energy") - (8 + 128)) < 1e-3)
    #expect(try model.logits(Self.ids) != before)
    try adapter.detach()
    // A method of projections has no place for a norm, and says so.
    let (_, other) = try model.importAdapter(from: path)
    let others = try JSON.parse(other).root("report").object("others")
    #expect(others.keys == ["model.norm.weight"])
    #expect(abs(try others.object("model.norm.weight").double("norm") - 8.0.squareRoot()) < 1e-6)
  }

  @Test func tensorsUnderGGUFNamesHaveGGUFRows() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let rows = (0..<32).map { row in [Float](repeating: Float(row) * 0.01, count: 32) }
    // Heads of 8 rows: canonical row i lies at 2i, row 4 + i at 2i + 1.
    let stored = (0..<32).map { place in
      let within = place % 8
      return rows[place - within + (within % 2 == 0 ? within / 2 : 4 + within / 2)]
    }
    var logits: [[Float]] = []
    for (name, values) in [
      ("model.layers.0.self_attn.q_proj.weight", rows), ("blk.0.attn_q.weight", stored),
    ] {
      let path = tiny.folder.file("delta.safetensors")
      try writeDelta(path, [(name, [32, 32], values.flatMap { $0 })])
      let (adapter, _) = try model.importAdapter(from: path, options: #"{"method":"lora","r":2}"#)
      logits.append(try model.logits(Self.ids))
      try adapter.detach()
    }
    #expect(relativeDistance(logits[0], logits[1]) < 1e-6)
    #expect(relativeDistance(logits[0], try model.logits(Self.ids)) > 1e-4)
  }

  @Test(
    arguments: [
      (
        "model.layers.9.mlp.up_proj.weight", [64, 32], Float(1), SVFTError.Kind.mismatch, "layers.9"
      ),
      ("model.layers.0.mlp.up_proj.diff", [64, 32], 1, .mismatch, "diff"),
      ("model.layers.0.mlp.up_proj.weight", [32, 64], 1, .shape, "[64, 32]"),
      ("model.layers.0.mlp.up_proj.weight", [64, 32], .nan, .nonFinite, "up_proj"),
      ("model.layers.0.self_attn.q_proj.lora_A.weight", [4, 32], 1, .mismatch, "lora_A"),
    ] as [(String, [Int], Float, SVFTError.Kind, String)])
  func whatIsNoChangeOfThisModelIsRefused(
    _ name: String, _ shape: [Int], _ value: Float, _ kind: SVFTError.Kind, _ words: String
  ) throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let path = tiny.folder.file("delta.safetensors")
    try writeDelta(
      path, [(name, shape, [Float](repeating: value, count: shape.reduce(1, *)))])
    let failure = #expect(throws: SVFTError.self) { try model.importAdapter(from: path) }
    #expect(failure?.kind == kind, "\(failure?.message ?? "")")
    #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
    #expect(try model.attachedAdapters.isEmpty)
  }

  @Test func oneTensorUnderTwoNamesIsRefused() throws {
    let tiny = try TinyVerbs()
    let path = tiny.folder.file("delta.safetensors")
    let zeros = [Float](repeating: 0, count: 512)
    try writeDelta(
      path,
      [
        ("model.layers.0.self_attn.v_proj.weight", [16, 32], zeros),
        ("blk.0.attn_v.weight", [16, 32], zeros),
      ])
    let failure = #expect(throws: SVFTError.self) { try tiny.model().importAdapter(from: path) }
    #expect(failure?.kind == .format)
  }

  @Test func aChangeThatSaysItIsOfAnotherBaseIsRefusedUnlessMeant() throws {
    let tiny = try TinyVerbs()
    let adapter = try tiny.model().createAdapter(#"{"method":"lora","targets":["q_proj"]}"#)
    try trainBriefly(adapter, try tiny.data())
    let path = tiny.folder.file("delta.safetensors")
    _ = try adapter.export(to: path, options: #"{"to":"delta"}"#)
    // The same model at another precision is another base.
    var options = ModelOptions()
    options.quantization = "q8_0"
    let other = try Model(path: tiny.folder.file("model"), options: options)
    let failure = #expect(throws: SVFTError.self) { try other.importAdapter(from: path) }
    #expect(failure?.kind == .mismatch && failure?.message.contains("any_base") == true)
    let (_, text) = try other.importAdapter(
      from: path, options: #"{"method":"lora","any_base":true}"#)
    #expect(try JSON.parse(text).root("report").double("captured") > 1 - 1e-5)
  }
}
