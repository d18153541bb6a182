// A saved model is the attached one: every method, both families, both containers.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct ModelSaverTests {
  private static let ids: [Int32] = [1, 20, 30, 40, 50]
  static let methods = [
    #"{"method":"svft","pattern":"banded","d":1}"#, #"{"method":"lora","r":4,"bias":"all"}"#,
    #"{"method":"full"}"#, #"{"method":"full","targets":["q_proj","embed_tokens"]}"#,
    #"{"method":"head"}"#, #"{"method":"bias"}"#,
    #"{"method":"lora","targets":["lm_head","q_proj"]}"#,
  ]

  /// A decoder with biases, its head tied or not.
  private func decoder(tied: Bool) throws -> TinyVerbs {
    let tiny = try TinyVerbs()
    try TinyModel.llama(.init { $0.vocabulary = 372 }, tied: tied, biases: true)
      .write(folder: tiny.folder.file("model"))
    return tiny
  }

  private func plain(_ path: String) throws -> Model {
    var options = ModelOptions()
    (options.threads, options.precision) = (1, .f32)
    return try Model(path: path, options: options)
  }

  @Test(arguments: methods, [true, false])
  func aMergedDecoderEqualsTheAttachedOne(_ method: String, _ tied: Bool) throws {
    // A head tied to the embedding is no tensor of its own.
    let tiny = try decoder(tied: tied)
    let model = try tiny.model()
    let base = try model.logits(Self.ids)
    let adapter = try model.createAdapter(method)
    try trainBriefly(adapter, try tiny.data())
    let expected = try model.logits(Self.ids)
    #expect(relativeDistance(base, expected) > 1e-3)
    for name in ["merged", "merged.gguf"] {
      let path = tiny.folder.file(name)
      let report = try JSON.parse(model.save(to: path)).root("report")
      let merged = try plain(path)
      #expect(relativeDistance(expected, try merged.logits(Self.ids)) < 1e-5, "\(name)")
      #expect(try report.int("changed") > 0)
      #expect(try report.object("drift").double("relative") < 1e-5)
      #expect(!report.has("transmitted") && !report.has("lost") || name.hasSuffix("gguf"))
    }
  }

  @Test(arguments: [
    #"{"method":"svft"}"#, #"{"method":"lora","r":4,"bias":"targets"}"#, #"{"method":"full"}"#,
    #"{"method":"head"}"#, #"{"method":"bias"}"#,
  ])
  func aMergedEncoderEqualsTheAttachedOne(_ method: String) throws {
    let tiny = try TinyVerbs(encoder: true)
    let model = try tiny.model()
    let texts = ["the cat sat", "a dog", "who were when"]
    let adapter = try model.createAdapter(method)
    try trainBriefly(adapter, try tiny.labelled())
    let classes = try model.classify(texts)
    let vectors = try model.embed(texts)
    for name in ["merged", "merged.gguf"] {
      let path = tiny.folder.file(name)
      _ = try model.save(to: path)
      let merged = try plain(path)
      let found = try merged.classify(texts)
      #expect(found.map(\.label) == classes.map(\.label))
      let (a, b) = (
        classes.flatMap { $0.scores.map { Float($0.probability) } },
        found.flatMap { $0.scores.map { Float($0.probability) } }
      )
      #expect(relativeDistance(a, b) < 1e-5, "\(name)")
      #expect(found[0].scores.map(\.label) == ["cat", "dog"])
      // A folder says nothing of pooling; a GGUF file with a class head is one that ranks.
      let (one, other) = (vectors.flatMap { $0 }, try merged.embed(texts).flatMap { $0 })
      #expect(relativeDistance(one, other) < 1e-5, "\(name)")
    }
  }

  @Test func anAdaptedTiedHeadIsWrittenApart() throws {
    let tiny = try decoder(tied: true)
    let model = try tiny.model()
    let embedding = try Safetensors(tiny.folder.file("model/model.safetensors"))
      .bytes("model.embed_tokens.weight").array
    try trainBriefly(
      try model.createAdapter(#"{"method":"svft","targets":["lm_head"]}"#), try tiny.data())
    let report = try JSON.parse(model.save(to: tiny.folder.file("untied"))).root("report")
    #expect(try report.bool("unties", default: false))
    let file = try Safetensors(tiny.folder.file("untied/model.safetensors"))
    #expect(try file.bytes("model.embed_tokens.weight").array == embedding)
    #expect(try file.bytes("lm_head.weight").array != embedding)
    let config = try JSON.read(tiny.folder.file("untied/config.json")).root("config")
    #expect(try config.bool("tie_word_embeddings", default: true) == false)
    _ = try model.save(to: tiny.folder.file("untied.gguf"))
    #expect(try GGUF(tiny.folder.file("untied.gguf")).names.contains("output.weight"))
  }

  /// llama.cpp knows Gemma's head as its embedding alone.
  @Test func anAdaptedHeadThatGGUFFilesDoNotKnowIsRefused() throws {
    let folder = try TemporaryFolder()
    let model = try plain(FamilyFixture(name: "gemma2", kind: "families").folder)
    _ = try model.createAdapter(#"{"method":"lora","targets":["lm_head"]}"#)
    let error = #expect(throws: SVFTError.self) {
      try model.save(to: folder.file("untied.gguf"))
    }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains("head of this family is not its embedding") == true)
    #expect(try FileSystem.kind(folder.file("untied.gguf")) == nil)
    _ = try model.save(to: folder.file("untied"))
  }

  @Test func aTrainedTiedTensorStaysOne() throws {
    let tiny = try decoder(tied: true)
    let model = try tiny.model()
    try trainBriefly(try model.createAdapter(#"{"method":"full"}"#), try tiny.data())
    let report = try JSON.parse(model.save(to: tiny.folder.file("tied"))).root("report")
    #expect(try !report.bool("unties", default: true))
    let file = try Safetensors(tiny.folder.file("tied/model.safetensors"))
    #expect(!file.names.contains("lm_head.weight"))
  }

  @Test func rowsGoThroughTheOtherContainerAndBackBitForBit() throws {
    let tiny = try decoder(tied: false)
    let first = tiny.folder.file("model")
    _ = try plain(first).save(to: tiny.folder.file("a.gguf"))
    _ = try plain(tiny.folder.file("a.gguf")).save(to: tiny.folder.file("back"))
    let one = try Safetensors(first + "/model.safetensors")
    let other = try Safetensors(tiny.folder.file("back/model.safetensors"))
    #expect(Set(one.names) == Set(other.names))
    for name in one.names {
      #expect(try one.bytes(name).array == other.bytes(name).array, "\(name)")
    }
    // In between, rotary rows lie in another order.
    let between = try GGUF(tiny.folder.file("a.gguf"))
    for (name, same) in [("attn_q", false), ("attn_k", false), ("attn_v", true)] {
      let own = try one.bytes(
        "model.layers.0.self_attn.\(name.suffix(1))_proj.weight"
      ).array
      #expect((try between.bytes("blk.0.\(name).weight").array == own) == same, "\(name)")
    }
    let bias = try one.bytes("model.layers.0.self_attn.q_proj.bias").array
    #expect(try between.bytes("blk.0.attn_q.bias").array != bias)
    let logits = try plain(first).logits(Self.ids)
    #expect(try plain(tiny.folder.file("back")).logits(Self.ids) == logits)
    #expect(relativeDistance(logits, try plain(tiny.folder.file("a.gguf")).logits(Self.ids)) < 1e-5)
  }

  @Test(arguments: ["f32", "f16", "bf16", "q8_0", "q4_0"])
  func everyFormatGivesWhatQuantisingAtLoadGives(_ format: String) throws {
    let tiny = try decoder(tied: true)
    var options = ModelOptions()
    (options.threads, options.precision) = (1, .f32)
    options.quantization = format
    let expected = try Model(path: tiny.folder.file("model"), options: options).logits(Self.ids)
    let model = try plain(tiny.folder.file("model"))
    _ = try model.save(to: tiny.folder.file("a.gguf"), format: format)
    #expect(
      relativeDistance(expected, try plain(tiny.folder.file("a.gguf")).logits(Self.ids)) < 1e-5)
    if format.hasPrefix("q") {
      let failure = #expect(throws: SVFTError.self) {
        try model.save(to: tiny.folder.file("a"), format: format)
      }
      #expect(failure?.kind == .unsupported)
      #expect(failure?.message.contains(".gguf") == true)
    } else {
      _ = try model.save(to: tiny.folder.file("a"), format: format)
      // A folder has its vectors in the same format, which costs a little more.
      let found = try plain(tiny.folder.file("a")).logits(Self.ids)
      #expect(relativeDistance(expected, found) < (format == "f32" ? 1e-5 : 3e-2))
      let name = "model.layers.1.mlp.up_proj.weight"
      let bytes = try Safetensors(tiny.folder.file("a/model.safetensors")).bytes(name).array
      #expect(try GGUF(tiny.folder.file("a.gguf")).bytes("blk.1.ffn_up.weight").array == bytes)
      let config = try JSON.read(tiny.folder.file("a/config.json")).root("config")
      let types = ["f32": "float32", "f16": "float16", "bf16": "bfloat16"]
      #expect(try config.string("torch_dtype") == types[format])
    }
  }

  /// llama.cpp adds these rows as they lie, and ends the process where they are not F32.
  @Test(arguments: ["f16", "q8_0", "q4_0"])
  func rowsThatReadersAddStayF32(_ format: String) throws {
    let tiny = try TinyVerbs(encoder: true)
    _ = try tiny.model().save(to: tiny.folder.file("a.gguf"), format: format)
    let file = try GGUF(tiny.folder.file("a.gguf"))
    for name in ["position_embd.weight", "token_types.weight", "token_embd_norm.weight"] {
      #expect(try file.require(name).type.name == "F32")
    }
    #expect(try file.require("token_embd.weight").type.name == format.uppercased())
  }

  /// What GGUF files cannot say, by what is changed about a model and the word the refusal has.
  static let unsayable: [(encoder: Bool, key: String, value: JSON, word: String)] = [
    (false, "hidden_act", "gelu", "gelu"), (true, "hidden_act", "relu", "relu"),
    (true, "hidden_act", "gelu_new", "gelu_new"), (false, "", .null, "head"),
  ]

  @Test(arguments: unsayable.indices)
  func whatGGUFCannotSayIsRefusedBeforeAnythingIsWritten(_ index: Int) throws {
    let (encoder, key, value, word) = Self.unsayable[index]
    var base =
      encoder
      ? TinyModel.bert(.init { $0.vocabulary = 83 })
      : TinyModel.llama(.init { $0.vocabulary = 372 }, tied: false)
    if key.isEmpty {
      base.config["architectures"] = ["LlamaModel"]
      base.tensors.removeAll { $0.name == "lm_head.weight" }
    } else {
      base.config[key] = value
    }
    let tiny = try TinyVerbs(base, tokenizer: TinyVerbs.fixture(encoder ? "words" : "bytes"))
    let model = try tiny.model()
    let failure = #expect(throws: SVFTError.self) {
      try model.save(to: tiny.folder.file("a.gguf"))
    }
    #expect(failure?.kind == .unsupported)
    #expect(failure?.message.contains(word) == true)
    #expect(try FileSystem.list(tiny.folder.path) == ["model"])
    _ = try model.save(to: tiny.folder.file("a"))
  }

  @Test func theConfigurationSaysWhatTheFileHolds() throws {
    var base = TinyModel.bert(.init { $0.vocabulary = 83 }, prefix: "bert.")
    base.config["architectures"] = ["BertForMaskedLM"]
    base.config["dtype"] = "float32"
    base.tensors.append(
      .init(name: "cls.predictions.bias", shape: [83], values: .init(repeating: 0, count: 83)))
    let tiny = try TinyVerbs(base, tokenizer: TinyVerbs.fixture("words"))
    _ = try tiny.model().save(to: tiny.folder.file("a"), format: "f16")
    let config = try JSON.read(tiny.folder.file("a/config.json")).root("config")
    #expect(try config.strings("architectures") == ["BertModel"])
    #expect(try config.string("dtype") == "float16")
    #expect(!config.has("torch_dtype"))
    base.config["torch_dtype"] = "float32"
    let both = try TinyVerbs(base, tokenizer: TinyVerbs.fixture("words"))
    _ = try both.model().save(to: both.folder.file("a"), format: "bf16")
    let other = try JSON.read(both.folder.file("a/config.json")).root("config")
    for key in ["dtype", "torch_dtype"] { #expect(try other.string(key) == "bfloat16") }
  }

  @Test func scaledRotationsComeBackFromGGUF() throws {
    var base = TinyModel.llama(.init { $0.vocabulary = 372 })
    base.config["rope_scaling"] = [
      "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
      "original_max_position_embeddings": 64,
    ]
    let tiny = try TinyVerbs(base, tokenizer: TinyVerbs.fixture("bytes"))
    let expected = try plain(tiny.folder.file("model")).logits(Self.ids)
    _ = try tiny.model().save(to: tiny.folder.file("a.gguf"))
    _ = try plain(tiny.folder.file("a.gguf")).save(to: tiny.folder.file("back"))
    let back = try plain(tiny.folder.file("back"))
    #expect(relativeDistance(expected, try back.logits(Self.ids)) < 1e-5)
    let config = try JSON.read(tiny.folder.file("back/config.json")).root("config")
    #expect(try config.object("rope_scaling").string("rope_type") == "llama3")
  }

  @Test func aCancelledSaveLeavesNothing() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    for name in ["a", "a.gguf"] {
      let failure = #expect(throws: SVFTError.self) {
        try model.save(to: tiny.folder.file(name)) { _, done, _ in done < 0.5 }
      }
      #expect(failure?.kind == .cancelled)
    }
    #expect(try FileSystem.list(tiny.folder.path) == ["model"])
    #expect(throws: SVFTError.self) { try model.save(to: tiny.folder.file("a"), format: "q9") }
  }

  @Test func aModelIsNotSavedOverItself() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let before = try model.logits(Self.ids)
    let failure = #expect(throws: SVFTError.self) { try model.save(to: tiny.folder.file("model")) }
    #expect(failure?.kind == .invalidArgument)
    #expect(try tiny.model().logits(Self.ids) == before)
    // Over its own earlier output it is.
    _ = try model.save(to: tiny.folder.file("out"))
    _ = try Model(path: tiny.folder.file("out")).save(to: tiny.folder.file("out"), format: "f16")
    let report = try JSON.parse(Inspector.inspect(tiny.folder.file("out"))).root("report")
    #expect(try report.object("formats").int("F16") > 10)
  }

  /// A decoder whose rows are whole blocks of 256.
  private func wide() throws -> TinyVerbs {
    let tiny = try TinyVerbs()
    try TinyModel.llama(
      .init {
        ($0.vocabulary, $0.hidden, $0.feedForward, $0.deviation) = (372, 256, 512, 0.05)
      }
    ).write(folder: tiny.folder.file("model"))
    return tiny
  }

  @Test(arguments: [("q4_k_m", 15), ("q3_k_m", 12), ("q2_k", 10), ("iq4_xs", 30), ("q5_1", 9)])
  func aSavedMixtureIsTheOneMadeWhileLoading(_ name: String, _ type: Int) throws {
    let tiny = try wide()
    var options = ModelOptions()
    (options.threads, options.precision, options.quantization) = (1, .f32, name)
    let loaded = try Model(path: tiny.folder.file("model"), options: options)
    _ = try tiny.model().save(to: tiny.folder.file("a.gguf"), format: name)
    // What is in the formats already is copied, its rows in the order of the file.
    _ = try loaded.save(to: tiny.folder.file("b.gguf"))
    let (a, b) = (
      try GGUF(tiny.folder.file("a.gguf")), try GGUF(tiny.folder.file("b.gguf"))
    )
    #expect(a.entries.map(\.type.name) == b.entries.map(\.type.name))
    for name in a.names { #expect(try Array(a.bytes(name).bytes) == Array(b.bytes(name).bytes)) }
    #expect(try a.int("general.file_type", default: -1) == type)
    let saved = try plain(tiny.folder.file("a.gguf"))
    let (mine, theirs) = (try loaded.logits(Self.ids), try saved.logits(Self.ids))
    #expect(zip(mine, theirs).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test func anAdapterTrainsOverAMixtureAndIsMergedIntoIt() throws {
    let tiny = try wide()
    var options = ModelOptions()
    (options.threads, options.quantization) = (1, "q4_k_m")
    let model = try Model(path: tiny.folder.file("model"), options: options)
    let before = try model.logits(Self.ids)
    let adapter = try model.createAdapter(#"{"method":"lora","r":4}"#)
    try trainBriefly(adapter, try tiny.data())
    let attached = try model.logits(Self.ids)
    #expect(attached != before)
    let report = try JSON.parse(
      model.save(to: tiny.folder.file("a.gguf"), format: "q6_k")
    ).root("report")
    #expect(try report.object("transmitted").double("mean") > 0.1)
  }

  @Test func trainingInsideTheRoundingOfAMixtureIsRefused() throws {
    let tiny = try wide()
    var options = ModelOptions()
    (options.threads, options.quantization) = (1, "q4_k_m")
    let model = try Model(path: tiny.folder.file("model"), options: options)
    let failure = #expect(throws: SVFTError.self) {
      let adapter = try model.createAdapter(#"{"method":"lora","quantization_aware":"frozen"}"#)
      try trainBriefly(adapter, try tiny.data())
    }
    #expect(failure?.kind == .unsupported)
    #expect(failure?.message.contains("Q4_0, Q8_0") == true)
  }
}
