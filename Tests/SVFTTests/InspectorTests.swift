// Descriptions of files, without loading them: models in both containers, adapters, checkpoints,
// bare tensors, and what cannot be opened.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct InspectorTests {
  private func report(_ path: String, _ options: String = "{}") throws -> JSON.Object {
    try JSON.parse(Inspector.inspect(path, options: options)).root("report")
  }

  private func names(_ report: JSON.Object) throws -> [String] {
    try report.objects("tensors").map { try $0.string("name") }
  }

  @Test func aModelFolder() throws {
    let tiny = try TinyVerbs()
    let found = try report(tiny.folder.file("model"))
    let written = TinyModel.llama(.init { $0.vocabulary = 372 })
    let numbers = written.tensors.reduce(0) { $0 + $1.values.count }
    #expect(try found.string("kind") == "model")
    #expect(try found.string("family") == "llama")
    #expect(try found.string("container") == "Hugging Face folder")
    #expect(try found.int("parameters") == numbers)
    #expect(try found.int("bytes") == 4 * numbers)
    #expect(try found.object("config").int("hidden_size") == 32)
    #expect(try Set(names(found)) == Set(written.tensors.map(\.name)))
    #expect(try found.object("memory").int("F32") == 4 * numbers)
    // Vectors are F32 in memory; rows of 32 and 64 values are no whole blocks of Q4_K or (the
    // first) NF4: they become Q5_0, or stay.
    let vectors = written.tensors.filter { $0.shape.count < 2 }.reduce(0) { $0 + $1.values.count }
    let (memory, matrices) = (try found.object("memory"), numbers - vectors)
    #expect(try memory.int("F16") == 2 * matrices + 4 * vectors)
    #expect(try memory.int("Q4_K") == matrices / 32 * 22 + 4 * vectors)
    let wide = written.tensors.filter { $0.name.hasSuffix("down_proj.weight") }
      .reduce(0) { $0 + $1.values.count }
    #expect(try memory.int("NF4") == 4 * (numbers - wide) + wide / 64 * 36)
    #expect(!(try found.objects("tensors")[0].has("spectrum")))
  }

  @Test func aGGUFFile() throws {
    let tiny = try TinyVerbs()
    _ = try tiny.model().save(to: tiny.folder.file("a.gguf"), format: "q8_0")
    let found = try report(tiny.folder.file("a.gguf"))
    #expect(try found.string("kind") == "model")
    #expect(try found.string("container") == "GGUF")
    #expect(try found.object("metadata").string("general.architecture") == "llama")
    #expect(try found.object("formats").int("Q8_0") > 10)
    #expect(try found.int("bytes") < found.int("parameters") * 2)
    let shape = try #require(
      try found.objects("tensors").first { try $0.string("name") == "blk.0.ffn_down.weight" })
    #expect(try shape.ints("shape") == [32, 64])
  }

  @Test func anAdapterACheckpointAndWhatIsIn() throws {
    let tiny = try TinyVerbs()
    let adapter = try tiny.model().createAdapter(#"{"method":"svft","targets":["q_proj"]}"#)
    var options = TrainingOptions()
    options.steps = 2
    let out = tiny.folder.file("out")
    try Trainer(adapter, data: try tiny.data(), output: out, options: options).train()
    for path in [out, out + "/checkpoint-2"] {
      let found = try report(path)
      #expect(try found.string("kind") == "adapter")
      #expect(try found.string("path") == path)
      #expect(try found.object("configuration").string("peft_type") == "SVFT")
      #expect(
        try names(found).contains(
          "base_model.model.model.layers.1.self_attn.q_proj.svft_M"))
    }
    let moments = try report(out + "/checkpoint-2/optimizer.safetensors")
    #expect(try moments.string("kind") == "tensor file")
    #expect(try moments.objects("tensors").count == 6)
  }

  @Test func aFamilyWeDoNotKnowStillShowsItsTensors() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.gguf")
    let bytes = try Buffer(of: Float.self, count: 4)
    try GGUFWriter.write(
      path, [OutgoingTensor("w", [2, 2], try StoredType.named("F32"), bytes: bytes)],
      metadata: [("general.architecture", .string("mamba"))])
    let found = try report(path)
    #expect(try found.string("kind") == "GGUF file")
    #expect(try found.string("problem").contains("mamba"))
    #expect(try names(found) == ["w"])
    #expect(try found.object("metadata").string("general.architecture") == "mamba")
    #expect(try Inspector.text(of: Inspector.inspect(path)).contains("problem: "))
  }

  @Test(arguments: ["mamba2", nil, "llama"])
  func aFolderOfAFamilyWeDoNotKnowStillShowsItsTensors(_ family: String?) throws {
    let tiny = try TinyVerbs()
    var model = TinyModel.llama(.init { $0.vocabulary = 372 })
    model.config["model_type"] = family.map { .string($0) }
    if family == "llama" { model.config["quantization_config"] = ["quant_method": "gptq"] }
    try model.write(folder: tiny.folder.file("model"))
    let path = tiny.folder.file("model")
    let found = try report(path)
    #expect(try found.string("kind") == "model folder" && found.string("path") == path)
    #expect(found["family"] == family.map { .string($0) })
    let words = family == "mamba2" ? "mamba2" : family == nil ? "model_type" : "quantization_config"
    #expect(try found.string("problem").hasPrefix("it cannot be run: "))
    #expect(try found.string("problem").contains(words))
    #expect(try found.object("config").int("hidden_size") == 32)
    #expect(try found.int("parameters") == model.tensors.reduce(0) { $0 + $1.values.count })
    #expect(try Set(names(found)) == Set(model.tensors.map(\.name)))
    let lines = try Inspector.text(of: Inspector.inspect(path)).split(separator: "\n")
    #expect(lines[0] == "kind: model folder")
    #expect(lines.contains { $0.hasPrefix("problem: ") })
  }

  @Test func missingSurplusAndMisshapenTensorsAreNamed() throws {
    let tiny = try TinyVerbs()
    let path = tiny.folder.file("model")
    let whole = TinyModel.llama(.init { $0.vocabulary = 372 })
    #expect(try !report(path).has("problem") && !report(path).has("unused_tensors"))
    var more = whole
    more.tensors.append(.init(name: "model.extra.weight", shape: [2], values: [1, 2]))
    try more.write(folder: path)
    #expect(try report(path).strings("unused_tensors") == ["model.extra.weight"])
    #expect(try Inspector.text(of: Inspector.inspect(path)).contains("  model.extra.weight\n"))
    var less = whole
    less.tensors.removeAll { $0.name == "model.layers.1.mlp.up_proj.weight" }
    try less.write(folder: path)
    let found = try report(path)
    #expect(try found.string("problem").contains("model.layers.1.mlp.up_proj.weight"))
    #expect(try found.string("kind") == "model" && found.string("family") == "llama")
    var other = whole
    other.config["hidden_size"] = 48
    try other.write(folder: path)
    #expect(try report(path).string("problem").contains("expected [372, 48], found [372, 32]"))
  }

  @Test func aFolderThatIsBrokenIsStillAnError() throws {
    let tiny = try TinyVerbs()
    let path = tiny.folder.file("model")
    try tiny.folder.write("model/config.json", #"{"model_type":"gpt2"}"#)
    try tiny.folder.write("model/model.safetensors", [1, 2, 3])
    #expect(kind { _ = try Inspector.inspect(path) } == .truncated)
    try tiny.folder.write("model/config.json", #"{"model_type":"#)
    #expect(kind { _ = try Inspector.inspect(path) } == .truncated)
  }

  @Test(arguments: [#"{"model_type": "llama"}"#, "[1, 2, 3, 4]", "text,label\nhello,a\n"])
  func textInPlaceOfTensorsIsNamed(_ text: String) throws {
    let folder = try TemporaryFolder()
    let failure = #expect(throws: SVFTError.self) {
      try Inspector.inspect(folder.write("config.json", text))
    }
    #expect(failure?.kind == .format)
    #expect(failure?.message.contains("expected a safetensors file") == true)
    #expect(failure?.message.hasSuffix(text.first == "t" ? "found text" : "found JSON") == true)
  }

  @Test func peopleReadTheSame() throws {
    let tiny = try TinyVerbs()
    let report = try Inspector.inspect(tiny.folder.file("model"))
    let lines = try Inspector.text(of: report).split(separator: "\n").map(String.init)
    #expect(lines.first == "kind: model")
    #expect(lines.contains("family: llama"))
    #expect(lines.contains("  hidden_size = 32"))
    #expect(lines.contains("  F32  64 × 32  model.layers.0.mlp.gate_proj.weight"))
    let count = try JSON.parse(report).root("report").objects("tensors").count
    #expect(lines.drop { $0 != "tensors:" }.count == count + 1)
    #expect(throws: SVFTError.self) { try Inspector.text(of: "{}") }
  }

  @Test func longValuesAreCut() throws {
    let tiny = try TinyVerbs()
    var model = TinyModel.llama(.init { $0.vocabulary = 372 })
    model.config["note"] = .string(String(repeating: "é", count: 500))
    try model.write(folder: tiny.folder.file("model"))
    let text = try Inspector.text(of: Inspector.inspect(tiny.folder.file("model")))
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("  note = ") })
    #expect(line.hasSuffix("é…") && line.count < 120)
  }

  @Test func whatCannotBeOpenedIsNamed() throws {
    let folder = try TemporaryFolder()
    let cases: [(path: String, kind: SVFTError.Kind)] = [
      (folder.file("none"), .io), (folder.path, .io),
      (try folder.write("a.safetensors", [1, 2, 3]), .truncated),
      (try folder.write("b.gguf", "<html>"), .format),
    ]
    for (path, kind) in cases {
      let failure = #expect(throws: SVFTError.self) { try Inspector.inspect(path) }
      #expect(failure?.kind == kind, "\(path)")
      #expect(failure?.message.contains(path) == true)
    }
    for options in ["[", #"{"spectra":true}"#, #"{"spectrum":1}"#] {
      let failure = #expect(throws: SVFTError.self) {
        try Inspector.inspect(folder.path, options: options)
      }
      #expect(failure?.kind == .invalidArgument)
    }
  }
}
