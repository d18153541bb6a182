// What survives when a change is rounded into a low-bit format: measured against the files
// themselves.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct MergedTensorTests {
  /// A model whose single adapted tensor is `up_proj` of the first layer, changed by `factor` times
  /// what a few steps of LoRA made of it.
  private struct Case {
    let tiny: TinyVerbs
    let model: Model
    static let module = "model.layers.0.mlp.up_proj"
    static let ggufName = "blk.0.ffn_up.weight"

    init(factor: Float) throws {
      tiny = try TinyVerbs()
      model = try tiny.model()
      let adapter = try model.createAdapter(
        #"{"method":"lora","r":4,"targets":["layers.0.mlp.up_proj"]}"#)
      try trainBriefly(adapter, try tiny.data(), steps: 6)
      try adapter.setScale(factor)
      _ = try adapter.export(to: tiny.folder.file("delta"), options: #"{"to":"delta"}"#)
    }

    /// The share that the report states, and the one computed from saved files.
    func shares(_ format: String) throws -> (said: Double, found: Double) {
      let report = try JSON.parse(
        model.save(to: tiny.folder.file("merged.gguf"), format: format)
      ).root("report").object("transmitted")
      let lowest = try report.object("lowest")
      #expect(try lowest.string("tensor") == Self.module + ".weight")
      #expect(try report.double("mean") == lowest.double("share"))
      _ = try tiny.model().save(to: tiny.folder.file("base.gguf"), format: format)
      let merged = try values(GGUF(tiny.folder.file("merged.gguf")), Self.ggufName)
      let base = try values(GGUF(tiny.folder.file("base.gguf")), Self.ggufName)
      let delta = try values(
        Safetensors(tiny.folder.file("delta")), Self.module + ".weight")
      var (survived, whole) = (0.0, 0.0)
      for (index, change) in delta.enumerated() {
        survived += (Double(merged[index]) - Double(base[index])) * Double(change)
        whole += Double(change) * Double(change)
      }
      return (try lowest.double("share"), survived / whole)
    }

    private func values(_ file: any TensorSource, _ name: String) throws -> [Float] {
      let entry = try file.require(name)
      let bytes = try file.bytes(name)
      let format = try ElementFormats.required(entry.type.name.lowercased())
      let count = entry.shape.reduce(1, *)
      let decoded = try Buffer(of: Float.self, count: count)
      format.decode(
        bytes.pointer, count: count, into: decoded.pointer.assumingMemoryBound(to: Float.self))
      return decoded.array.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }
  }

  @Test(arguments: ["q8_0", "q4_0"], [Float(1), 0.02])
  func theStatedShareIsTheOneInTheFiles(_ format: String, _ factor: Float) throws {
    let (said, found) = try Case(factor: factor).shares(format)
    #expect(abs(said - found) < 1e-3)
    // A full-precision base carries a change of any size on average; a large one surely.
    if factor == 1 { #expect(said > 0.9 && said < 1.1) }
  }

  @Test(
    "A change of a hundredth is lost on the grid of a low-bit base, and kept with more bits",
    .enabled(if: SharedData.isPresent, "needs shared data"))
  func lowBitBase() throws {
    let folder = try TemporaryFolder()
    let ids: [Int32] = [1, 403, 407, 261, 378, 432, 383]
    let model = try TrainedStories.model("gguf/stories260K-q4_0.gguf")
    let base = try model.logits(ids)
    let adapter = try model.createAdapter(#"{"method":"lora","r":2,"targets":["v_proj"]}"#)
    try trainBriefly(adapter, try TrainedStories.data(folder), steps: 2)
    // Weaker until ΔW is about a hundredth of W.
    try adapter.setScale(0.05)
    let attached = try model.logits(ids)
    let report = try JSON.parse(model.save(to: folder.file("same.gguf"))).root("report")
    #expect(try report.object("transmitted").double("mean") < 0.2)
    let drift = try report.object("drift")
    #expect(try drift.double("max") >= drift.double("mean"))
    #expect(try drift.double("mean") > 0)
    // Told to keep more bits, nothing of it is lost.
    for (name, format, tolerance) in [("more.gguf", "f16", Float(2e-3)), ("more", "f32", 1e-5)] {
      let report = try JSON.parse(model.save(to: folder.file(name), format: format))
        .root("report")
      #expect(!report.has("transmitted"))
      let kept = try Model(path: folder.file(name)).logits(ids)
      let moved = zip(base, attached).map { $1 - $0 }
      let left = zip(base, kept).map { $1 - $0 }
      #expect(relativeDistance(attached, kept) < tolerance)
      #expect(relativeDistance(moved, left) < 0.2)
    }
  }

  @Test func withoutAdaptersEveryFormatIsCopiedAsItLies() throws {
    let tiny = try TinyVerbs()
    _ = try tiny.model().save(to: tiny.folder.file("a.gguf"), format: "q4_0")
    let report = try JSON.parse(
      Model(path: tiny.folder.file("a.gguf")).save(to: tiny.folder.file("b.gguf"))
    ).root("report")
    #expect(try report.int("changed") == 0 && !report.has("transmitted"))
    let (one, other) = (try GGUF(tiny.folder.file("a.gguf")), try GGUF(tiny.folder.file("b.gguf")))
    #expect(one.names == other.names)
    for name in one.names { #expect(try one.bytes(name).array == other.bytes(name).array) }
    // A low-bit GGUF file becomes a folder with more bits by itself.
    _ = try Model(path: tiny.folder.file("a.gguf")).save(to: tiny.folder.file("c"))
    let file = try Safetensors(tiny.folder.file("c/model.safetensors"))
    #expect(try file.require("model.layers.0.mlp.up_proj.weight").type.name == "F16")
  }

  @Test(arguments: [("q8_0", Float.nan), ("q4_0", .infinity), ("f16", 7e4), ("bf16", .nan)])
  func whatAFormatCannotHoldIsNotWritten(_ format: String, _ value: Float) throws {
    var broken = TinyModel.llama(.init { $0.vocabulary = 372 }, tied: false)
    // A row that the probe does not read.
    let name = "model.embed_tokens.weight"
    broken.tensors[try #require(broken.position(name))].values[371 * 32 + 7] = value
    let tiny = try TinyVerbs(broken, tokenizer: TinyVerbs.fixture("bytes"))
    let path = tiny.folder.file("out.gguf")
    let failure = #expect(throws: SVFTError.self) {
      try tiny.model().save(to: path, format: format)
    }
    #expect(failure?.kind == .nonFinite && failure?.message.contains(name) == true)
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}
