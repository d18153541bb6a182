// Saved sessions: restored they go on bit for bit; damaged or foreign ones are refused in words.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct SessionFileTests {
  private static let ids: [Int32] = [1, 20, 30]
  private static let greedy: GenerationOptions = {
    var options = GenerationOptions()
    (options.temperature, options.maxTokens, options.ignoresEnd) = (0, 6, true)
    return options
  }()

  /// A model, and the file of a session of nine tokens and eight rows.
  private static func saved(_ tiny: TinyVerbs) throws -> (session: Session, path: String) {
    let session = try tiny.model().session()
    _ = try session.generate(tokens: ids, greedy)
    let path = tiny.folder.file("talk.svfts")
    try session.save(to: path)
    return (session, path)
  }

  private static func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private static func computed(_ session: Session) throws -> Int {
    try JSON.parse(session.describe()).root("session").int("computed_tokens")
  }

  @Test(arguments: [1, 2]) func aRestoredSessionGoesOnBitForBit(_ threads: Int) throws {
    let tiny = try TinyVerbs()
    let (session, path) = try Self.saved(tiny)
    let other = try tiny.model(threads: threads).session(restoring: path)
    #expect(try other.tokens == session.tokens && Self.computed(other) == 8)
    let again = tiny.folder.file("again.svfts")
    try other.save(to: again)
    #expect(try Self.bytes(again) == Self.bytes(path))
    let (a, b) = (try session.extend(" a", Self.greedy), try other.extend(" a", Self.greedy))
    #expect(a == b && a.reusedTokens == 8)
    try session.save(to: path)
    try other.save(to: again)
    #expect(try Self.bytes(again) == Self.bytes(path))
  }

  @Test func anEmptySessionAndOneWithoutRowsAreFiles() throws {
    let tiny = try TinyVerbs()
    let path = tiny.folder.file("empty.svfts")
    let model = try tiny.model()
    try model.session().save(to: path)
    let empty = try model.session(restoring: path)
    #expect(try empty.tokens.isEmpty)
    _ = try empty.generate(tokens: Self.ids, Self.greedy)
    _ = try model.createAdapter(#"{"method":"lora","r":2}"#)
    try empty.save(to: path)
    let restored = try model.session(restoring: path)
    #expect(try restored.tokens == empty.tokens && Self.computed(restored) == 0)
  }

  @Test func everyPrefixIsRefused() throws {
    let tiny = try TinyVerbs()
    let (session, path) = try Self.saved(tiny)
    let whole = try Self.bytes(path)
    let cut = tiny.folder.file("cut.svfts")
    for count in 0..<whole.count {
      try tiny.folder.write("cut.svfts", Array(whole[..<count]))
      let failure = #expect(throws: SVFTError.self) { try session.model.session(restoring: cut) }
      #expect(
        failure?.kind == .truncated || failure?.kind == .format,
        "\(count) \(failure.debugDescription)")
    }
    try tiny.folder.write("cut.svfts", whole + [0])
    #expect(throws: SVFTError.self) { try session.model.session(restoring: cut) }
  }

  @Test func everyFlippedByteIsRefused() throws {
    let tiny = try TinyVerbs()
    let (session, path) = try Self.saved(tiny)
    let whole = try Self.bytes(path)
    let data = 8 + Int(whole[0]) + 256 * Int(whole[1])
    let changed = tiny.folder.file("changed.svfts")
    try HostileFiles.mutations(of: whole) { variant, place in
      try tiny.folder.write("changed.svfts", variant)
      do {
        let made = try session.model.session(restoring: changed)
        // Between the header's text and the data there is white space of any kind.
        #expect(place < data && Character(UnicodeScalar(variant[place])).isWhitespace)
        #expect(try made.tokens == session.tokens)
      } catch let error as SVFTError {
        let kinds: [SVFTError.Kind] = [
          .format, .truncated, .limit, .mismatch, .unsupported, .shape,
        ]
        #expect(kinds.contains(error.kind), "\(place): \(error)")
      }
    }
  }

  /// What kind of failure a file gives, and its sentence.
  private static func refusal(_ model: Model, _ path: String) -> SVFTError? {
    #expect(throws: SVFTError.self) { try model.session(restoring: path) }
  }

  @Test func whatIsNoSessionOfThisModelIsNamed() throws {
    let tiny = try TinyVerbs()
    let (session, path) = try Self.saved(tiny)
    let model = session.model
    #expect(Self.refusal(model, path + "x")?.kind == .io)
    #expect(Self.refusal(model, tiny.folder.path)?.kind == .io)
    let foreign = Self.refusal(model, tiny.folder.file("model/model.safetensors"))
    #expect(foreign?.kind == .format && foreign?.message.contains("saved session") == true)
    let text = String(decoding: try Self.bytes(path), as: UTF8.self)
    #expect(text.contains(#""version":"1""#))
    let place = try #require(try Data(Self.bytes(path)).range(of: Data(#""version":"1"#.utf8)))
    var newer = try Self.bytes(path)
    newer[place.upperBound - 1] = UInt8(ascii: "2")
    try tiny.folder.write("newer.svfts", newer)
    let version = Self.refusal(model, tiny.folder.file("newer.svfts"))
    #expect(version?.kind == .mismatch && version?.message.contains("version 1") == true)

    let other = try TinyVerbs()
    var changed = TinyModel.llama(.init { $0.vocabulary = 372 })
    changed.tensors[0].values[5] += 1e-3
    try changed.write(folder: other.folder.file("model"))
    let mismatch = Self.refusal(try other.model(), path)
    #expect(mismatch?.kind == .mismatch && mismatch?.message.contains("this model") == true)

    let short = #expect(throws: SVFTError.self) {
      try model.session(restoring: path, SessionOptions(json: #"{"context_length": 8}"#))
    }
    #expect(short?.kind == .limit && short?.message.contains("found 9") == true)
  }

  @Test func otherAdaptersOrPrecisionKeepTheText() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let adapter = try model.createAdapter(#"{"method":"lora","r":2}"#)
    try trainBriefly(adapter, try tiny.data())
    try adapter.save(to: tiny.folder.file("adapter"))
    let session = try model.session()
    _ = try session.generate(tokens: Self.ids, Self.greedy)
    let path = tiny.folder.file("adapted.svfts")
    try session.save(to: path)
    func rows(_ model: Model) throws -> Int {
      let restored = try model.session(restoring: path)
      #expect(try restored.tokens == session.tokens)
      let rows = try Self.computed(restored)
      let made = try restored.extend("", Self.greedy)
      let alone = try model.generate(tokens: [session.tokens], Self.greedy)[0]
      #expect(made.tokens == alone.tokens && made.reusedTokens == rows)
      return rows
    }
    // The same adapter, loaded by another process.
    let same = try tiny.model()
    let loaded = try same.loadAdapter(tiny.folder.file("adapter"))
    #expect(try rows(same) == 8)
    try loaded.setScale(0.5)
    #expect(try rows(same) == 0)
    #expect(try rows(tiny.model()) == 0)
    var exact = ModelOptions()
    (exact.threads, exact.precision) = (1, .f32)
    let other = try Model(path: tiny.folder.file("model"), options: exact)
    _ = try other.loadAdapter(tiny.folder.file("adapter"))
    #expect(try rows(other) == 0)
  }

  /// What alpha_pattern says changes rows and leaves no trace in tensors.
  @Test func anotherScaleOfOneModuleMakesRowsStale() throws {
    let tiny = try TinyVerbs()
    let adapter = try tiny.model().createAdapter(
      #"{"method":"lora","r":2,"alpha_pattern":{"q_proj":3}}"#)
    try trainBriefly(adapter, try tiny.data())
    try adapter.save(to: tiny.folder.file("adapter"))
    let session = try adapter.model.session()
    _ = try session.generate(tokens: Self.ids, Self.greedy)
    try session.save(to: tiny.folder.file("a.svfts"))
    func computed() throws -> Int {
      let model = try tiny.model()
      _ = try model.loadAdapter(tiny.folder.file("adapter"))
      return try Self.computed(model.session(restoring: tiny.folder.file("a.svfts")))
    }
    #expect(try computed() == 8)
    let file = tiny.folder.file("adapter/adapter_config.json")
    var config = try JSON.read(file).root("config")
    config["alpha_pattern"] = ["q_proj": 4]
    try tiny.folder.write("adapter/adapter_config.json", JSON.object(config).text(.pretty))
    #expect(try computed() == 0)
  }

  @Test func aFileOfTheModelIsNotOverwritten() throws {
    let tiny = try TinyVerbs()
    let session = try tiny.model().session()
    for name in ["model/model.safetensors", "model/new.svfts"] {
      let failure = #expect(throws: SVFTError.self) {
        try session.save(to: tiny.folder.file(name))
      }
      #expect(failure?.kind == .invalidArgument, "\(name)")
    }
    _ = try tiny.model().save(to: tiny.folder.file("m.gguf"))
    let other = try Model(path: tiny.folder.file("m.gguf")).session()
    #expect(throws: SVFTError.self) { try other.save(to: tiny.folder.file("m.gguf")) }
    try other.save(to: tiny.folder.file("beside.svfts"))
    _ = try Model(path: tiny.folder.file("m.gguf"))
  }

  @Test func aForgedFileHarmsNobody() throws {
    let tiny = try TinyVerbs()
    let (session, path) = try Self.saved(tiny)
    let file = try Safetensors(path)
    let forgeries: [(String, [Int], [Int32], SVFTError.Kind)] = [
      ("ids beyond the vocabulary", [9], Array(repeating: 372, count: 9), .format),
      ("negative ids", [9], Array(repeating: -5, count: 9), .format),
      ("fewer tokens than rows", [3], [1, 2, 3], .format),
      ("more tokens than the context", [65], Array(repeating: 1, count: 65), .limit),
      ("two dimensions", [3, 3], Array(repeating: 1, count: 9), .format),
    ]
    for (what, shape, ids, kind) in forgeries {
      let forged = tiny.folder.file("forged.svfts")
      try Self.forge(forged, like: file, shape, ids)
      #expect(Self.refusal(session.model, forged)?.kind == kind, "\(what)")
    }
    let fine = tiny.folder.file("forged.svfts")
    try Self.forge(fine, like: file, [9], Array(repeating: 7, count: 9))
    #expect(try session.model.session(restoring: fine).tokens == Array(repeating: 7, count: 9))
  }

  /// A file like another with other tokens and a checksum that is right.
  private static func forge(
    _ path: String, like file: Safetensors, _ shape: [Int], _ ids: [Int32]
  ) throws {
    let tokens = try Buffer(of: Int32.self, count: ids.count)
    for (index, id) in ids.enumerated() { tokens.values(Int32.self)[index] = id }
    var labels = file.metadata.filter { $0.key != "checksum" }
    var hash = Fingerprint()
    for (key, value) in labels { hash.update("\(key) \(value)\n") }
    var outgoing: [OutgoingTensor] = []
    for entry in file.entries {
      let isTokens = entry.name == "tokens"
      let (form, bytes) = (isTokens ? shape : entry.shape, try file.bytes(entry.name))
      hash.update("\(entry.name) \(entry.type.name) \(form)\n")
      hash.update(isTokens ? tokens.bytes : bytes.bytes)
      outgoing.append(
        OutgoingTensor(entry.name, form, entry.type, bytes: isTokens ? tokens : bytes))
    }
    labels.append(("checksum", hash.hexadecimal))
    try SafetensorsWriter.write(path, outgoing, metadata: labels)
  }

  @Test func aFileThatCannotBeWrittenLeavesTheOldOne() throws {
    let tiny = try TinyVerbs()
    let (session, path) = try Self.saved(tiny)
    let before = try Self.bytes(path)
    _ = try session.extend("", Self.greedy)
    for bad in [tiny.folder.path, tiny.folder.file("nowhere/talk.svfts")] {
      let failure = #expect(throws: SVFTError.self) { try session.save(to: bad) }
      #expect(failure?.kind == .io)
    }
    #expect(try Self.bytes(path) == before)
  }
}
