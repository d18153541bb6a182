// Adapters on a model: made, stacked, scaled, switched, loaded, refused.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct ModelAdaptersTests {
  private static let ids: [Int32] = [1, 20, 30, 40, 50]

  private func kind(_ body: () throws -> Void) -> SVFTError.Kind? {
    #expect(throws: SVFTError.self) { try body() }?.kind
  }

  @Test(arguments: [
    #"{"method":"svft","pattern":"banded","d":2}"#, #"{"method":"lora"}"#, #"{"method":"full"}"#,
    #"{"method":"head"}"#, #"{"method":"svft","pattern":"topk"}"#,
  ])
  func aFreshAdapterChangesNothing(_ method: String) throws {
    let model = try TinyVerbs().model()
    let before = try model.logits(Self.ids)
    let adapter = try model.createAdapter(method)
    #expect(relativeDistance(before, try model.logits(Self.ids)) < 1e-6)
    try adapter.detach()
    #expect(try model.logits(Self.ids) == before)
    #expect(try model.attachedAdapters.isEmpty)
  }

  /// Where one factor of each matrix fits, so does the form that is chosen unasked.
  @Test(.enabled(if: SharedData.isPresent, "needs shared data"))
  func theFormChosenUnaskedHeedsTheMemoryLimit() throws {
    let cache = try TemporaryFolder()
    func forms(_ form: String, _ limit: Int) throws -> Set<String>? {
      var options = ModelOptions()
      (options.threads, options.memoryLimit, options.cacheFolder) = (2, limit, cache.path)
      do {
        let model = try Model(path: SharedData.path("all-MiniLM-L6-v2"), options: options)
        let adapter = try model.createAdapter("{\"method\":\"svft\",\"form\":\"\(form)\"}")
        let plan = try JSON.parse(adapter.describe()).root("adapter").object("plan")
        return Set(try plan.members.map { try $0.1.root("plan").string("form") })
      } catch let error as SVFTError {
        #expect(error.kind == .memory)
        return nil
      }
    }
    var narrow = 0
    for limit in stride(from: 140_000_000, through: 240_000_000, by: 20_000_000) {
      let chosen = try forms("auto", limit)
      #expect((chosen == nil) == (try forms("one-sided", limit) == nil), "\(limit)")
      if chosen == ["one-sided"] { narrow += 1 }
    }
    #expect(narrow > 0)
  }

  @Test("An adapter of PEFT with patterns and a targeted head gives PEFT's logits")
  func golden() throws {
    let fixtures = SharedData.packageRoot + "/Tests/Fixtures/"
    var options = ModelOptions()
    (options.threads, options.precision) = (1, .f32)
    let model = try Model(path: fixtures + "llama", options: options)
    let golden = try JSON.read(fixtures + "peft/golden.json").root("golden")
    let ids = try golden.ints("ids").map { Int32($0) }
    let expected = try golden.doubles("logits").map { Float($0) }
    let plain = try model.logits(ids).suffix(expected.count)
    let adapter = try model.loadAdapter(fixtures + "peft")
    let found = try model.logits(ids).suffix(expected.count)
    #expect(relativeDistance(expected, Array(found)) < 1e-5)
    #expect(relativeDistance(expected, Array(plain)) > 1e-2)
    // What is saved again is the same adapter.
    let folder = try TemporaryFolder()
    try adapter.save(to: folder.file("again"))
    try adapter.detach()
    _ = try model.loadAdapter(folder.file("again"))
    #expect(try Array(model.logits(ids).suffix(expected.count)) == Array(found))
  }

  /// GPT-NeoX's files say "embed_out", its module in memory is called otherwise.
  @Test func aHeadIsWrittenByTheNameThatPEFTFindsItBy() throws {
    let folder = try TemporaryFolder()
    let model = try Model(
      path: SharedData.packageRoot + "/Tests/Fixtures/families/gpt_neox", options: ModelOptions())
    let adapter = try model.createAdapter(#"{"method":"lora","r":2,"targets":["embed_out"]}"#)
    try adapter.save(to: folder.file("own"))
    _ = try adapter.export(to: folder.file("peft"), options: "{}")
    try adapter.detach()
    for name in ["own", "peft"] {
      let file = try Safetensors(folder.file("\(name)/adapter_model.safetensors"))
      #expect(file.names.contains("base_model.model.lm_head.lora_A.weight"))
      try model.loadAdapter(folder.file(name)).detach()
    }
  }

  @Test func severalAdaptersAreSwitchedWithoutLoadingAgain() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let base = try model.logits(Self.ids)
    var alone: [[Float]] = []
    var adapters: [Adapter] = []
    for method in [#"{"method":"svft"}"#, #"{"method":"lora","r":4}"#] {
      let adapter = try model.createAdapter(method)
      try trainBriefly(adapter, try tiny.data())
      alone.append(try model.logits(Self.ids))
      try adapter.detach()
      #expect(try model.logits(Self.ids) == base)
      try adapter.save(to: tiny.folder.file("a\(alone.count)"))
      adapters.append(try model.loadAdapter(tiny.folder.file("a\(alone.count)")))
      #expect(relativeDistance(alone[alone.count - 1], try model.logits(Self.ids)) < 1e-6)
      try adapters[adapters.count - 1].setScale(0)
    }
    #expect(try model.attachedAdapters.count == 2)
    #expect(alone[0] != alone[1] && alone[0] != base && alone[1] != base)
    // One by one, by turning scales: the very same numbers again.
    for index in [0, 1, 0] {
      try adapters[index].setScale(1)
      #expect(relativeDistance(alone[index], try model.logits(Self.ids)) < 1e-6)
      try adapters[index].setScale(0)
      #expect(try model.logits(Self.ids) == base)
    }
    // Both at once are neither, and equal the two merged.
    try adapters[0].setScale(0.5)
    try adapters[1].setScale(-1.5)
    let both = try model.logits(Self.ids)
    _ = try model.save(to: tiny.folder.file("both"))
    let merged = try Model(path: tiny.folder.file("both")).logits(Self.ids)
    #expect(relativeDistance(both, merged) < 1e-5)
    #expect(relativeDistance(both, alone[0]) > 1e-3)
  }

  /// Sums of floating-point numbers depend on their order: turning adapters off and on again, or
  /// changing a strength and back, must give the very same numbers.
  @Test func adaptersStayInTheOrderInWhichTheyCame() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    func methods() throws -> [String] {
      try JSON.parse(model.describe()).root("model").objects("adapters").map {
        (object) throws(SVFTError) in try object.string("method")
      }
    }
    var adapters: [Adapter] = []
    for method in [#"{"method":"lora","r":3}"#, #"{"method":"svft"}"#, #"{"method":"lora"}"#] {
      adapters.append(try model.createAdapter(method))
      try trainBriefly(adapters[adapters.count - 1], try tiny.data())
    }
    let (names, all) = (try methods(), try model.logits(Self.ids))
    #expect(names == ["lora", "svft", "lora"])
    for off in [[0], [1], [2], [0, 1], [1, 0], [0, 2], [2, 1, 0]] {
      for index in off { try adapters[index].setScale(0) }
      #expect(try model.logits(Self.ids) != all)
      for index in off { try adapters[index].setScale(off.count > 1 ? 0.25 : 1) }
      for index in off { try adapters[index].setScale(1) }
      #expect(try methods() == names)
      #expect(try model.logits(Self.ids) == all, "\(off)")
    }
    // The order is one of attaching: who goes and comes again is the last.
    try adapters[0].detach()
    try adapters[0].save(to: tiny.folder.file("a"))
    _ = try model.loadAdapter(tiny.folder.file("a"))
    #expect(try methods() == ["svft", "lora", "lora"])
  }

  @Test func aRefusedChangeLeavesEverythingAsItWas() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let head = try model.createAdapter(#"{"method":"head"}"#)
    try trainBriefly(head, try tiny.data())
    let before = try model.logits(Self.ids)
    try head.setScale(0)
    let other = try model.createAdapter(#"{"method":"head"}"#)
    #expect(kind { try head.setScale(1) } == .state)
    try other.detach()
    try head.setScale(1)
    #expect(try model.logits(Self.ids) == before)
  }

  @Test(arguments: [#"{"method":"full"}"#, #"{"method":"head"}"#, #"{"method":"bias"}"#])
  func whatReplacesTensorsHasNoStrength(_ method: String) throws {
    let tiny = try TinyVerbs()
    try TinyModel.llama(.init { $0.vocabulary = 372 }, tied: false, biases: true)
      .write(folder: tiny.folder.file("model"))
    let model = try tiny.model()
    let adapter = try model.createAdapter(method)
    try trainBriefly(adapter, try tiny.data())
    let trained = try model.logits(Self.ids)
    let failure = #expect(throws: SVFTError.self) { try adapter.setScale(0.5) }
    #expect(failure?.kind == .invalidArgument)
    #expect(try model.logits(Self.ids) == trained)
    try adapter.save(to: tiny.folder.file("a"))
    try adapter.detach()
    #expect(kind { _ = try model.loadAdapter(tiny.folder.file("a"), scale: 2) } == .invalidArgument)
    #expect(try model.attachedAdapters.isEmpty)
    // On and off is no strength.
    let again = try model.loadAdapter(tiny.folder.file("a"))
    #expect(try model.logits(Self.ids) == trained)
    try again.setScale(0)
    #expect(try model.logits(Self.ids) != trained)
    try again.setScale(1)
    #expect(try model.logits(Self.ids) == trained)
  }

  @Test(arguments: [Float.nan, .infinity]) func aStrengthIsANumber(_ scale: Float) throws {
    let model = try TinyVerbs().model()
    let adapter = try model.createAdapter(#"{"method":"lora"}"#)
    #expect(kind { try adapter.setScale(scale) } == .invalidArgument)
  }

  @Test func twoOwnersOfOneTensorAreRefused() throws {
    let model = try TinyVerbs().model()
    let full = try model.createAdapter(#"{"method":"full"}"#)
    #expect(kind { _ = try model.createAdapter(#"{"method":"lora"}"#) } == .state)
    #expect(try model.attachedAdapters.count == 1)
    try full.detach()
    _ = try model.createAdapter(#"{"method":"lora"}"#)
    #expect(kind { _ = try model.createAdapter(#"{"method":"full"}"#) } == .state)
    #expect(try model.logits(Self.ids).allSatisfy(\.isFinite))
  }

  @Test(arguments: [
    ("[", SVFTError.Kind.invalidArgument), ("7", .invalidArgument),
    (#"{"method":"dora"}"#, .unsupported), (#"{"method":"lora","r":0}"#, .invalidArgument),
    (#"{"method":"lora","rank":4}"#, .invalidArgument),
    (#"{"method":"svft","targets":["nothing"]}"#, .mismatch),
    (#"{"method":"svft","d":3}"#, .invalidArgument),
    (#"{"method":"lora","targets":7}"#, .invalidArgument),
  ])
  func badOptionsAreRefused(_ options: String, _ expected: SVFTError.Kind) throws {
    let model = try TinyVerbs().model()
    #expect(kind { _ = try model.createAdapter(options) } == expected)
    #expect(try model.attachedAdapters.isEmpty)
  }

  @Test func anotherBaseIsRefusedWithBothHashes() throws {
    let tiny = try TinyVerbs()
    let adapter = try tiny.model().createAdapter(#"{"method":"svft"}"#)
    try trainBriefly(adapter, try tiny.data())
    let folder = tiny.folder.file("a")
    try adapter.save(to: folder)
    var other = TinyModel.llama(.init { $0.vocabulary = 372 })
    let place = try #require(other.position("model.layers.1.mlp.up_proj.weight"))
    other.tensors[place].values[7] += 1e-3
    try other.write(folder: tiny.folder.file("model"))
    let model = try tiny.model()
    let failure = #expect(throws: SVFTError.self) { try model.loadAdapter(folder) }
    #expect(failure?.kind == .mismatch)
    let message = failure?.message ?? ""
    #expect(message.contains("up_proj"))
    #expect(message.matches(of: /[0-9a-f]{12}…/).count == 2)
    #expect(try model.attachedAdapters.isEmpty)
    // A quantised base has other factors than its parent.
    var options = ModelOptions()
    options.quantization = "q8_0"
    let rounded = try Model(path: tiny.folder.file("model"), options: options)
    #expect(kind { _ = try rounded.loadAdapter(folder) } == .mismatch)
  }

  @Test(
    "An adapter trained on the folder runs on the GGUF file, and the other way round",
    .enabled(if: SharedData.isPresent, "needs shared data"), arguments: [0, 1],
    [
      #"{"method":"svft","pattern":"banded","d":2}"#, #"{"method":"lora","r":4}"#,
      #"{"method":"svft","pattern":"topk","count":64}"#,
      #"{"method":"full","targets":["q_proj","k_proj"]}"#,
    ])
  func acrossContainers(_ from: Int, _ method: String) throws {
    let folder = try TemporaryFolder()
    let ids = try TrainedStories.golden().ints("prompt_ids").map { Int32($0) } + [432, 383, 286]
    let one = try TrainedStories.model(TrainedStories.containers[from])
    let base = try one.logits(ids)
    let adapter = try one.createAdapter(method)
    try trainBriefly(adapter, try TrainedStories.data(folder), steps: 2)
    let expected = try one.logits(ids)
    #expect(zip(base, expected).contains { abs($0 - $1) > 0.05 })
    try adapter.save(to: folder.file("a"))
    let other = try TrainedStories.model(TrainedStories.containers[1 - from])
    let second = try other.loadAdapter(folder.file("a"))
    let found = try other.logits(ids)
    #expect(zip(expected, found).allSatisfy { abs($0 - $1) < 1e-4 })
    // And back again, from what the other container saved.
    try second.save(to: folder.file("b"))
    try adapter.detach()
    _ = try one.loadAdapter(folder.file("b"))
    #expect(relativeDistance(expected, try one.logits(ids)) < 1e-6)
  }

  @Test(
    "Factors with other signs carry an adapter all the same, other factors are refused",
    .enabled(if: SharedData.isPresent, "needs shared data"))
  func probe() throws {
    let folder = try TemporaryFolder()
    let ids: [Int32] = [1, 403, 407, 261, 378]
    let model = try TrainedStories.model()
    let adapter = try model.createAdapter(
      #"{"method":"svft","pattern":"banded","d":3,"targets":["v_proj","up_proj"]}"#)
    try trainBriefly(adapter, try TrainedStories.data(folder), steps: 2)
    let expected = try model.logits(ids)
    try adapter.save(to: folder.file("a"))
    // Caches as another solver might have made them, with every second direction turned around,
    // and as none makes them, with the first two exchanged.
    func attached(_ cache: String, _ change: (Int) -> (from: Int, sign: Float)) throws -> [Float] {
      var options = ModelOptions()
      (options.threads, options.precision, options.cacheFolder) = (2, .f32, cache)
      try Model(path: model.path, options: options).factor(["v_proj", "up_proj"])
      for name in try FileSystem.list(cache) where name.hasSuffix(".safetensors") {
        try rewrite(FileSystem.join(cache, name), change)
      }
      let other = try Model(path: model.path, options: options)
      _ = try other.loadAdapter(folder.file("a"))
      return try other.logits(ids)
    }
    let turned = try attached(folder.file("turned")) { ($0, $0 % 2 == 1 ? -1 : 1) }
    #expect(zip(expected, turned).allSatisfy { abs($0 - $1) < 1e-4 })
    let failure = #expect(throws: SVFTError.self) {
      try attached(folder.file("exchanged")) { ($0 < 2 ? 1 - $0 : $0, 1) }
    }
    #expect(failure?.kind == .mismatch)
    #expect(failure?.message.contains("singular direction 0") == true)
    #expect(failure?.message.contains("iterations") == false)
  }

  /// On another processor, iterations that have not come to an end may end elsewhere.
  @Test(.enabled(if: SharedData.isPresent, "needs shared data"))
  func randomisedFactorsThatDifferSayWhatToDo() throws {
    let folder = try TemporaryFolder()
    func model() throws -> Model {
      var options = ModelOptions()
      (options.threads, options.cacheFolder) = (2, folder.file("cache"))
      return try Model(path: TrainedStories.path("hf"), options: options)
    }
    let options = #"{"method":"svft","targets":["up_proj"],"rank":8,"iterations":1}"#
    let adapter = try model().createAdapter(options)
    try adapter.save(to: folder.file("a"))
    for name in try FileSystem.list(folder.file("cache")) where name.hasSuffix(".safetensors") {
      try rewrite(folder.file("cache/" + name)) { ($0 < 2 ? 1 - $0 : $0, 1) }
    }
    let other = try model()
    let failure = #expect(throws: SVFTError.self) { try other.loadAdapter(folder.file("a")) }
    #expect(failure?.kind == .mismatch)
    #expect(failure?.message.contains("a higher \"iterations\"") == true)
  }

  /// Replaces the singular vectors of a cache file by others of its own, its seal included.
  private func rewrite(_ path: String, _ change: (Int) -> (from: Int, sign: Float)) throws {
    let file = try Safetensors(path, access: .copied)
    let order = try file.require("S").shape[0]
    let columns = try file.require("Vt").shape[1]
    func changed(_ name: String, stride: Int, step: Int) throws -> Buffer {
      let source = try file.bytes(name)
      let copy = try Buffer(byteCount: source.byteCount)
      let (from, to) = (source.array, copy.values(Float.self))
      from.withUnsafeBytes { raw in
        let old = raw.bindMemory(to: Float.self)
        for index in old.indices {
          let direction = index / step % order
          let (other, sign) = change(direction)
          to[index] = sign * old[index + (other - direction) * stride]
        }
      }
      return copy
    }
    let u = try changed("U", stride: 1, step: 1)
    let vt = try changed("Vt", stride: columns, step: columns)
    let sigma = try file.bytes("S")
    var hash = SHA256()
    for part in [u, sigma, vt] { hash.update(part.bytes) }
    let f32 = try StoredType.named("F32")
    let metadata = file.metadata.map {
      (key: $0.key, value: $0.key == "sha256" ? hash.hexadecimal : $0.value)
    }
    try SafetensorsWriter.write(
      path,
      [
        OutgoingTensor("U", try file.require("U").shape, f32, bytes: u),
        OutgoingTensor("S", [order], try StoredType.named("F64"), bytes: sigma),
        OutgoingTensor("Vt", [order, columns], f32, bytes: vt),
      ], metadata: metadata)
  }

  @Test func factoringReportsAndCanBeCancelled() throws {
    let model = try TinyVerbs().model()
    var seen: [Double] = []
    try model.factor(["q_proj", "v_proj"]) { _, done, _ in
      seen.append(done)
      return true
    }
    #expect(seen.count == 4 && seen == seen.sorted() && seen[0] > 0.25 && seen[3] == 1)
    // What is there already needs no work.
    try model.factor(["q_proj"]) { _, _, _ in
      Issue.record("a known matrix was decomposed again")
      return true
    }
    #expect(kind { try model.factor { _, _, _ in false } } == .cancelled)
    #expect(kind { try model.factor(["nothing"]) } == .mismatch)
  }
}
