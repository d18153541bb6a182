// An adapter as users hold it: saved, described, exported for programs that know no SVFT.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct AdapterTests {
  private static let ids: [Int32] = [1, 20, 30, 40, 50]
  static let additive = [
    #"{"method":"svft","targets":["q_proj","down_proj"]}"#, #"{"method":"lora","r":3}"#,
  ]

  private func trained(_ tiny: TinyVerbs, _ method: String) throws -> Adapter {
    let adapter = try tiny.model().createAdapter(method)
    try trainBriefly(adapter, try tiny.data())
    return adapter
  }

  private func exported(
    _ adapter: Adapter, _ path: String, _ options: String
  ) throws -> JSON.Object {
    try JSON.parse(adapter.export(to: path, options: options)).root("report")
  }

  @Test(arguments: additive) func exportedToPEFTIsTheSameChange(_ method: String) throws {
    let tiny = try TinyVerbs()
    let adapter = try trained(tiny, method)
    let expected = try adapter.model.logits(Self.ids)
    let path = tiny.folder.file("peft")
    let report = try exported(adapter, path, #"{"to":"peft"}"#)
    #expect(try report.double("left_out") < 1e-9)
    let config = try JSON.read(path + "/adapter_config.json").root("config")
    #expect(try config.string("peft_type") == "LORA")
    #expect(try config.int("r") == report.int("rank"))
    #expect(try config.int("lora_alpha") == config.int("r"))
    let other = try tiny.model()
    _ = try other.loadAdapter(path)
    #expect(relativeDistance(expected, try other.logits(Self.ids)) < 1e-5)
  }

  @Test(arguments: ["peft", "gguf-lora", "delta"])
  func noExportReplacesTheModelOrAFileOfIt(_ form: String) throws {
    let tiny = try TinyVerbs()
    let adapter = try trained(tiny, Self.additive[1])
    let path = adapter.model.path
    let target = form == "peft" ? path : path + "/model.safetensors"
    let before = try FileSystem.list(path)
    do {
      _ = try exported(adapter, target, "{\"to\":\"\(form)\"}")
      Issue.record("\(target) was replaced")
    } catch { #expect((error as? SVFTError)?.kind == .invalidArgument) }
    #expect(try FileSystem.list(path) == before)
    _ = try Model(path: path)
  }

  @Test func anExportHasTheStrengthTheAdapterHas() throws {
    let tiny = try TinyVerbs()
    let adapter = try trained(tiny, Self.additive[1])
    try adapter.setScale(-0.5)
    let expected = try adapter.model.logits(Self.ids)
    _ = try exported(adapter, tiny.folder.file("peft"), "{}")
    let other = try tiny.model()
    _ = try other.loadAdapter(tiny.folder.file("peft"))
    #expect(relativeDistance(expected, try other.logits(Self.ids)) < 1e-5)
  }

  @Test func theDenseChangeIsTheDifferenceOfTheWeights() throws {
    let tiny = try TinyVerbs()
    let adapter = try trained(tiny, Self.additive[0])
    let path = tiny.folder.file("delta.safetensors")
    let report = try exported(adapter, path, #"{"to":"delta"}"#)
    _ = try adapter.model.save(to: tiny.folder.file("merged"))
    let delta = try Safetensors(path)
    let base = try Safetensors(tiny.folder.file("model/model.safetensors"))
    let merged = try Safetensors(tiny.folder.file("merged/model.safetensors"))
    #expect(delta.names.count == (try report.int("modules")))
    #expect(delta.names.count == 4)
    for name in delta.names {
      let (d, b, m) = (try floats(delta, name), try floats(base, name), try floats(merged, name))
      #expect(d.contains { abs($0) > 1e-3 })
      #expect(zip(d, zip(b, m)).allSatisfy { abs($0 - ($1.1 - $1.0)) < 1e-6 })
    }
  }

  private func floats(_ file: Safetensors, _ name: String) throws -> [Float] {
    try file.bytes(name).array.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }

  @Test(arguments: [false, true])
  func aGGUFAdapterIsWrittenAsLlamaCppNamesIt(_ fromGGUF: Bool) throws {
    let tiny = try TinyVerbs()
    let adapter = try trained(tiny, #"{"method":"lora","r":2,"targets":["q_proj","v_proj"]}"#)
    try adapter.save(to: tiny.folder.file("a"))
    var source = adapter
    if fromGGUF {
      // The same adapter on the same model in the other row order.
      _ = try tiny.model().save(to: tiny.folder.file("model.gguf"))
      source = try Model(path: tiny.folder.file("model.gguf")).loadAdapter(tiny.folder.file("a"))
    }
    let path = tiny.folder.file("lora.gguf")
    _ = try exported(source, path, #"{"to":"gguf-lora"}"#)
    let file = try GGUF(path)
    #expect(try file.string("general.type") == "adapter")
    #expect(try file.string("general.architecture") == "llama")
    #expect(try file.string("adapter.type") == "lora")
    #expect(try file.double("adapter.lora.alpha") == 2)
    #expect(file.names.count == 8)
    // ΔW = B A has the rows that the GGUF file's own query weights have.
    let base = try Safetensors(tiny.folder.file("model/model.safetensors"))
    _ = try adapter.model.save(to: tiny.folder.file("merged.gguf"))
    let merged = try GGUF(tiny.folder.file("merged.gguf"))
    let plain = try GGUF(try basis(tiny))
    #expect(base.names.contains("model.layers.0.self_attn.q_proj.weight"))
    for name in ["blk.0.attn_q.weight", "blk.1.attn_v.weight"] {
      let (a, b) = (try values(file, name + ".lora_a"), try values(file, name + ".lora_b"))
      let (after, before) = (try values(merged, name), try values(plain, name))
      for row in 0..<(b.count / 2) {
        for column in 0..<32 {
          let sum = b[row * 2] * a[column] + b[row * 2 + 1] * a[32 + column]
          #expect(abs(sum - (after[row * 32 + column] - before[row * 32 + column])) < 1e-5)
        }
      }
    }
  }

  /// The tiny model without any adapter as a GGUF file.
  private func basis(_ tiny: TinyVerbs) throws -> String {
    _ = try tiny.model().save(to: tiny.folder.file("basis.gguf"))
    return tiny.folder.file("basis.gguf")
  }

  private func values(_ file: GGUF, _ name: String) throws -> [Float] {
    try file.bytes(name).array.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }

  @Test(arguments: [
    (#"{"method":"full"}"#, "full"), (#"{"method":"head"}"#, "head"),
    (#"{"method":"lora","modules_to_save":["norm"]}"#, "norm"),
  ])
  func whatIsNoChangeOfProjectionsIsRefused(_ method: String, _ word: String) throws {
    let tiny = try TinyVerbs()
    let adapter = try tiny.model().createAdapter(method)
    for form in ["peft", "gguf-lora", "delta"] {
      let failure = #expect(throws: SVFTError.self) {
        try adapter.export(to: tiny.folder.file("x"), options: "{\"to\":\"\(form)\"}")
      }
      #expect(failure?.kind == .unsupported)
      #expect(failure?.message.contains(word) == true)
    }
    #expect(!FileManager.default.fileExists(atPath: tiny.folder.file("x")))
  }

  /// A reader of GGUF files finds no matrix of that name there.
  @Test func aTiedHeadHasNoPlaceInAGGUFFile() throws {
    let tiny = try TinyVerbs()
    let adapter = try tiny.model().createAdapter(#"{"method":"lora","targets":"all"}"#)
    let failure = #expect(throws: SVFTError.self) {
      try adapter.export(to: tiny.folder.file("x"), options: #"{"to":"gguf-lora"}"#)
    }
    #expect(failure?.kind == .unsupported)
    #expect(failure?.message.contains("lm_head") == true)
    _ = try adapter.export(to: tiny.folder.file("x"), options: #"{"to":"peft"}"#)
  }

  @Test(arguments: [#"{"to":"onnx"}"#, #"{"rank":-1}"#, #"{"rank":5000}"#, #"{"k":1}"#, "[]"])
  func badExportOptionsAreRefused(_ options: String) throws {
    let tiny = try TinyVerbs()
    let adapter = try tiny.model().createAdapter(Self.additive[1])
    let failure = #expect(throws: SVFTError.self) {
      try adapter.export(to: tiny.folder.file("x"), options: options)
    }
    #expect(failure?.kind == .invalidArgument)
  }

  @Test func anUntrainedTopKHasNothingToSave() throws {
    let tiny = try TinyVerbs()
    let adapter = try tiny.model().createAdapter(#"{"method":"svft","pattern":"topk"}"#)
    let failure = #expect(throws: SVFTError.self) { try adapter.save(to: tiny.folder.file("a")) }
    #expect(failure?.kind == .state)
    #expect(!FileManager.default.fileExists(atPath: tiny.folder.file("a")))
  }

  @Test func savingOverAnAdapterReplacesItAndLeavesStrangersAlone() throws {
    let tiny = try TinyVerbs()
    let adapter = try trained(tiny, Self.additive[1])
    let folder = tiny.folder.file("a")
    try adapter.save(to: folder)
    try tiny.folder.write("a/README.md", "mine")
    let before = try FileSystem.read(folder + "/adapter_model.safetensors").array
    try trainBriefly(adapter, try tiny.data(), steps: 1)
    try adapter.save(to: folder)
    #expect(try FileSystem.read(folder + "/adapter_model.safetensors").array != before)
    #expect(
      try FileSystem.list(folder).sorted()
        == ["README.md", "adapter_config.json", "adapter_model.safetensors"])
    let other = try tiny.model()
    _ = try other.loadAdapter(folder)
    #expect(try other.logits(Self.ids) == adapter.model.logits(Self.ids))
  }
}
