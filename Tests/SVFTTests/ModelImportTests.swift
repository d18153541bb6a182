// Adapters made of what others have trained, by every way in: what was exported comes back, what is
// no change of this model is refused with its place.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct ModelImportTests {
  private static let ids: [Int32] = [1, 20, 30, 40, 50]
  /// Everything that U and V can express.
  static let full = #""pattern":"banded","d":999"#
  static let forms = [("delta", "delta.safetensors"), ("peft", "peft"), ("gguf-lora", "lora.gguf")]

  /// A tiny model with a trained adapter, its logits, and its three exports.
  private struct Exported {
    let tiny: TinyVerbs
    let logits: [Float]

    init(_ method: String, scale: Float = 1) throws {
      tiny = try TinyVerbs()
      let adapter = try tiny.model().createAdapter(method)
      try trainBriefly(adapter, try tiny.data())
      try adapter.setScale(scale)
      logits = try adapter.model.logits(ModelImportTests.ids)
      for (form, name) in ModelImportTests.forms {
        _ = try adapter.export(to: tiny.folder.file(name), options: "{\"to\":\"\(form)\"}")
      }
      try adapter.save(to: tiny.folder.file("saved"))
      _ = try adapter.model.save(to: tiny.folder.file("merged"))
      _ = try adapter.model.save(to: tiny.folder.file("merged.gguf"))
    }
  }

  private func report(_ text: String) throws -> JSON.Object {
    try JSON.parse(text).root("report")
  }

  @Test(arguments: ["delta", "peft", "gguf-lora", "merged", "merged.gguf"], [false, true])
  func whatWasExportedComesBack(_ form: String, _ ontoGGUF: Bool) throws {
    let exported = try Exported(#"{"method":"svft","targets":["q_proj","down_proj"]}"#, scale: -0.5)
    let tiny = exported.tiny
    _ = try tiny.model().save(to: tiny.folder.file("base.gguf"))
    let name = Self.forms.first { $0.0 == form }?.1 ?? form
    for options in ["{\(Self.full)}", #"{"method":"lora","r":32}"#, #"{"method":"full"}"#] {
      let model =
        try ontoGGUF ? Model(path: tiny.folder.file("base.gguf")) : tiny.model()
      let (adapter, text) = try model.importAdapter(
        from: tiny.folder.file(name), options: options)
      let found = try report(text)
      #expect(try found.double("captured") > 1 - 1e-5)
      #expect(try found.object("modules").count == 4 && found.object("others").count == 0)
      #expect(relativeDistance(exported.logits, try model.logits(Self.ids)) < 1e-4)
      // It is saved and loaded like any other.
      let expected = try model.logits(Self.ids)
      try adapter.save(to: tiny.folder.file("again"))
      try adapter.detach()
      _ = try model.loadAdapter(tiny.folder.file("again"))
      #expect(relativeDistance(expected, try model.logits(Self.ids)) < 1e-5)
    }
  }

  @Test func theFullPatternGivesBackM() throws {
    let exported = try Exported(#"{"method":"svft","targets":["q_proj"]}"#)
    let folder = exported.tiny.folder
    let model = try exported.tiny.model()
    // Onto the pattern it came from, and onto all cells.
    for options in [#"{"pattern":"plain"}"#, "{\(Self.full)}"] {
      let (adapter, _) = try model.importAdapter(
        from: folder.file("delta.safetensors"), options: options)
      try adapter.save(to: folder.file("back"))
      try adapter.detach()
      let (saved, back) = (
        try Safetensors(folder.file("saved/adapter_model.safetensors")),
        try Safetensors(folder.file("back/adapter_model.safetensors"))
      )
      for name in saved.names where name.hasSuffix("svft_M") {
        let (m, n) = (try floats(saved, name), try floats(back, name))
        let order = m.count
        for (index, value) in n.enumerated() {
          let isDiagonal = n.count == order || index % (order + 1) == 0
          let expected = isDiagonal ? m[n.count == order ? index : index / (order + 1)] : 0
          #expect(abs(value - expected) < 1e-6)
        }
      }
    }
  }

  private func floats(_ file: Safetensors, _ name: String) throws -> [Float] {
    try file.bytes(name).array.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }

  @Test func aSavedAdapterBecomesOneOfAnotherMethod() throws {
    let exported = try Exported(#"{"method":"lora","r":3,"targets":["q_proj","o_proj"]}"#)
    let model = try exported.tiny.model()
    let (lora, text) = try model.importAdapter(
      from: exported.tiny.folder.file("saved"), options: #"{"method":"lora","r":1}"#)
    let cut = try report(text)
    #expect(try cut.string("from") == "adapter" && cut.string("method") == "lora")
    let share = try cut.double("captured")
    #expect(share < 0.999 && share > 0.3)
    #expect(abs(share + (try cut.double("left_out")) - 1) < 1e-12)
    for (_, entry) in try cut.object("modules").members {
      #expect(try entry.object("entry").double("captured") <= 1)
    }
    try lora.detach()
    _ = try model.importAdapter(
      from: exported.tiny.folder.file("saved"), options: #"{"method":"svft",\#(Self.full)}"#)
    #expect(relativeDistance(exported.logits, try model.logits(Self.ids)) < 1e-4)
  }

  /// Factors of finite numbers whose product is none.
  @Test(arguments: [#"{"method":"svft"}"#, #"{"method":"lora","r":9}"#, #"{"method":"full"}"#])
  func aChangeThatIsNotFiniteIsRefused(_ options: String) throws {
    let exported = try Exported(#"{"method":"lora","r":3,"targets":["q_proj"]}"#)
    let folder = exported.tiny.folder
    var bytes = try FileSystem.read(folder.file("peft/adapter_model.safetensors")).array
    let start = 8 + Int(bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
    for place in stride(from: start, to: bytes.count, by: 4) {
      withUnsafeBytes(of: Float(1e20)) { bytes.replaceSubrange(place..<place + 4, with: $0) }
    }
    try FileManager.default.copyItem(atPath: folder.file("peft"), toPath: folder.file("huge"))
    try folder.write("huge/adapter_model.safetensors", bytes)
    let model = try exported.tiny.model()
    do {
      _ = try model.importAdapter(from: folder.file("huge"), options: options)
      Issue.record("a change without end was taken")
    } catch { #expect(error.kind == .nonFinite) }
    #expect(try model.attachedAdapters.isEmpty)
    #expect(try model.logits(Self.ids).allSatisfy(\.isFinite))
  }

  @Test func aBudgetTakesTheLargestEntries() throws {
    let exported = try Exported(#"{"method":"lora","r":3,"targets":["q_proj"]}"#)
    let model = try exported.tiny.model()
    var last = 0.0
    for count in [1, 30, 300, 1024] {
      let (adapter, text) = try model.importAdapter(
        from: exported.tiny.folder.file("saved"),
        options: "{\"pattern\":\"topk\",\"count\":\(count)}")
      let captured = try report(text).double("captured")
      #expect(captured > last)
      last = captured
      // Nothing waits for training: it can be saved.
      try adapter.save(to: exported.tiny.folder.file("topk\(count)"))
      try adapter.detach()
    }
    #expect(last > 1 - 1e-5)
  }

  @Test func targetsChooseAmongWhatChanges() throws {
    let exported = try Exported(#"{"method":"lora","targets":["q_proj","up_proj"]}"#)
    let path = exported.tiny.folder.file("delta.safetensors")
    let model = try exported.tiny.model()
    let (_, text) = try model.importAdapter(
      from: path, options: #"{"targets":["up_proj"]}"#)
    let found = try report(text)
    #expect(try found.object("modules").count == 2)
    let others = try found.object("others")
    #expect(others.keys.sorted().allSatisfy { $0.contains("q_proj") } && others.count == 2)
    #expect(try others.object(others.keys[0]).double("relative") > 0)
    let failure = #expect(throws: SVFTError.self) {
      try model.importAdapter(from: path, options: #"{"targets":["k_proj"]}"#)
    }
    #expect(failure?.kind == .mismatch && failure?.message.contains("k_proj") == true)
    let misspelt = #expect(throws: SVFTError.self) {
      try model.importAdapter(from: path, options: #"{"targets":["q_proj","up_prj"]}"#)
    }
    #expect(misspelt?.kind == .mismatch && misspelt?.message.contains("up_prj") == true)
  }

  @Test(arguments: [
    "{\"from\":\"stone\"}", "{\"any_base\":3}", "{\"method\":\"lora\",\"r\":0}", "[]", "{",
    "{\"unheard_of\":1}",
  ]) func badOptionsAreRefused(_ options: String) throws {
    let exported = try Exported(#"{"method":"lora","r":1,"targets":["q_proj"]}"#)
    let model = try exported.tiny.model()
    let failure = #expect(throws: SVFTError.self) {
      try model.importAdapter(
        from: exported.tiny.folder.file("delta.safetensors"), options: options)
    }
    #expect(failure?.kind == .invalidArgument)
    #expect(try model.attachedAdapters.isEmpty)
  }

  @Test func aMethodWithoutAPlaceForAnyChangeIsRefused() throws {
    let exported = try Exported(#"{"method":"lora","r":1,"targets":["q_proj"]}"#)
    let model = try exported.tiny.model()
    let failure = #expect(throws: SVFTError.self) {
      try model.importAdapter(
        from: exported.tiny.folder.file("delta.safetensors"), options: #"{"method":"head"}"#)
    }
    #expect(failure?.kind == .mismatch)
    #expect(failure?.message.contains("method head trains") == true, "\(failure?.message ?? "")")
    #expect(try model.attachedAdapters.isEmpty)
  }

  @Test func cancellingLeavesNothingAttached() throws {
    let exported = try Exported(#"{"method":"lora","r":1}"#)
    let model = try exported.tiny.model()
    let failure = #expect(throws: SVFTError.self) {
      try model.importAdapter(
        from: exported.tiny.folder.file("saved"), options: #"{"method":"lora"}"#
      ) { activity, _, _ in activity != "importing" }
    }
    #expect(failure?.kind == .cancelled)
    #expect(try model.attachedAdapters.isEmpty)
  }

  /// transformers 5 calls ViT's modules otherwise than its files do, and PEFT saves what it sees.
  @Test func modulesAreFoundByTheNamesThatTheyHaveInMemory() throws {
    let tiny = try TinyPictures()
    let fixtures = SharedData.packageRoot + "/Tests/Fixtures/"
    let golden = try JSON.read(fixtures + "peft-vit/golden.json").root("golden")
    let expected = try golden.doubles("probabilities").map { Float($0) }
    func found(_ model: Model) throws -> [Float] {
      try model.classify([fixtures + "pictures/colors.ppm"])[0].scores.map {
        Float($0.probability)
      }
    }
    let (loaded, imported) = (try tiny.model(), try tiny.model())
    _ = try loaded.loadAdapter(fixtures + "peft-vit")
    #expect(relativeDistance(try found(loaded), expected) < 1e-5)
    let (_, text) = try imported.importAdapter(
      from: fixtures + "peft-vit",
      options: #"{"method":"lora","r":2,"targets":["q_proj","fc1","classifier"]}"#)
    #expect(try JSON.parse(text).root("report").object("modules").count == 5)
  }

  @Test func modulesAreExportedByTheNamesThatTheyHaveInMemory() throws {
    let tiny = try TinyPictures()
    let model = try tiny.model()
    let adapter = try model.createAdapter(
      #"{"method":"lora","r":2,"targets":["q_proj","fc2","classifier"]}"#)
    try Trainer(adapter, data: tiny.data, options: TrainingBench.options { $0.steps = 3 }).train()
    _ = try adapter.export(to: tiny.folder.file("peft"), options: #"{"to":"peft"}"#)
    try adapter.save(to: tiny.folder.file("saved"))
    for name in ["peft", "saved"] {
      let config = try JSON.read(tiny.folder.file(name + "/adapter_config.json")).root("config")
      #expect(config["task_type"] == .null)
      #expect(
        try config.strings("target_modules") == [
          "vit.layers.0.attention.q_proj", "vit.layers.0.mlp.fc2",
          "vit.layers.1.attention.q_proj", "vit.layers.1.mlp.fc2", "classifier",
        ])
      let fresh = try tiny.model()
      _ = try fresh.loadAdapter(tiny.folder.file(name))
      #expect(relativeDistance(try tiny.scores(fresh), try tiny.scores(model)) < 1e-6)
    }
  }
}
