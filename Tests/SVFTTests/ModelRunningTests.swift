// Running a model: logits, vectors, classes, alone and together, at their limits.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import SVFTText
import TestKit
import Testing

@Suite struct ModelRunningTests {
  @Test(
    "Logits of a trained model equal the reference at every stored precision",
    .enabled(if: SharedData.isPresent, "needs shared data"),
    arguments: [
      ("hf", ""), ("gguf/stories260K-f32.gguf", ""), ("gguf/stories260K-f16.gguf", "_f16"),
      ("gguf/stories260K-q8_0.gguf", "_q8_0"), ("gguf/stories260K-q4_0.gguf", "_q4_0"),
    ])
  func golden(_ name: String, _ precision: String) throws {
    let golden = try TrainedStories.golden()
    let ids = try (golden.ints("prompt_ids") + golden.ints("continuation_ids")).map { Int32($0) }
    let file = try NpyFile(TrainedStories.path("golden/logits_full\(precision).npy"))
    let expected = try file.values(Float.self)
    let found = try TrainedStories.model(name).logits(ids)
    #expect(found.count == expected.count)
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test func idsAreCheckedBeforeTheyAreUsed() throws {
    let model = try TinyVerbs().model()
    for ids: [Int32] in [[-1], [372], [1, .max]] {
      let failure = #expect(throws: SVFTError.self) { try model.logits(ids) }
      #expect(failure?.kind == .invalidArgument)
    }
    let long = [Int32](repeating: 1, count: model.contextLength + 1)
    #expect(#expect(throws: SVFTError.self) { try model.logits(long) }?.kind == .limit)
    #expect(try model.logits(Array(long.dropLast())).count == 64 * 372)
    #expect(try model.logits([]).isEmpty)
  }

  @Test(
    "Vectors of a trained encoder equal the reference, alone and in any company",
    .enabled(if: SharedData.isPresent, "needs shared data"))
  func embeddings() throws {
    let folder = "all-MiniLM-L6-v2"
    var options = ModelOptions()
    (options.threads, options.precision) = (2, .f32)
    let model = try Model(path: SharedData.path(folder), options: options)
    let path = SharedData.path(folder + "/golden/golden.json")
    let sentences = try JSON.read(path).root(path).strings("sentences")
    let file = try NpyFile(SharedData.path(folder + "/golden/embeddings.npy"))
    let expected = try file.values(Float.self)
    let found = try model.embed(sentences)
    let all = found.flatMap { $0 }
    #expect(all.count == expected.count)
    #expect(zip(all, expected).allSatisfy { abs($0 - $1) < 1e-5 })
    for (index, sentence) in sentences.enumerated() {
      let alone = try model.embed([sentence])[0]
      #expect(zip(alone, found[index]).allSatisfy { abs($0 - $1) < 1e-5 })
    }
  }

  @Test(
    "Spearman's correlation on STS-B's first 300 pairs is the known one",
    .enabled(if: SharedData.isPresent, "needs shared data"))
  func similarity() throws {
    var options = ModelOptions()
    options.threads = 2
    let model = try Model(path: SharedData.path("all-MiniLM-L6-v2"), options: options)
    let table = try String(
      contentsOfFile: SharedData.path("STS-B/stsb-en-dev.csv"), encoding: .utf8)
    let pairs = commaSeparated(table).prefix(300)
    #expect(pairs.count == 300 && pairs.allSatisfy { $0.count == 3 })
    let first = try model.embed(pairs.map { $0[0] })
    let second = try model.embed(pairs.map { $0[1] })
    let cosines = zip(first, second).map { a, b in
      zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let wanted = pairs.compactMap { Double($0[2]) }
    let correlation = Statistics.spearman(cosines, wanted)
    #expect(abs(correlation - 0.933) < 0.002, "\(correlation)")
  }

  /// Rows of a table with quoted fields.
  private func commaSeparated(_ text: String) -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var field = ""
    var isQuoted = false
    for character in text {
      switch character {
      case "\"": isQuoted.toggle()
      case "," where !isQuoted:
        row.append(field)
        field = ""
      case "\n" where !isQuoted, "\r\n" where !isQuoted:
        rows.append(row + [field])
        (row, field) = ([], "")
      default: field.append(character)
      }
    }
    return rows
  }

  @Test func manyTextsOfAllLengthsAreEachAsIfAlone() throws {
    let tiny = try TinyVerbs(encoder: true)
    let model = try tiny.model()
    let words = ["the cat sat", "a dog ran", "the cat", ".", "who were when"]
    // More than one step of 64 sequences, and some beyond the context.
    let texts = (0..<90).map { index in
      Array(repeating: words[index % 5], count: 1 + index % 30).joined(separator: " ")
    }
    let together = try model.embed(texts)
    #expect(together.count == 90)
    for index in stride(from: 0, to: 90, by: 11) {
      #expect(relativeDistance(try model.embed([texts[index]])[0], together[index]) < 1e-5)
    }
  }

  @Test func aLongTextIsCutWithItsClosingTokenKept() throws {
    let tiny = try TinyVerbs(encoder: true)
    let model = try tiny.model()
    let long = Array(repeating: "cat", count: 200).joined(separator: " ")
    let cut = Array(repeating: "cat", count: model.contextLength - 2).joined(separator: " ")
    #expect(try model.tokenize(cut).count == model.contextLength)
    #expect(try model.embed([long]) == model.embed([cut]))
  }

  @Test func aPairIsNotItsTextsInOne() throws {
    let tiny = try TinyVerbs(encoder: true)
    let model = try tiny.model()
    try trainBriefly(
      try model.createAdapter(#"{"method":"lora","r":2}"#), try tiny.labelled(), steps: 4)
    let pair = try model.classify(["the cat"], pairs: ["sat"])[0]
    let alone = try model.classify(["the cat"], pairs: [nil])[0]
    #expect(try model.classify(["the cat"])[0] == alone)
    #expect(pair != alone)
    #expect(pair.scores.map(\.label) == ["cat", "dog"])
    #expect(abs(pair.scores.reduce(0) { $0 + $1.probability } - 1) < 1e-9)
    #expect(pair.score == pair.scores.map(\.probability).max())
  }

  @Test(arguments: ["q8_0", "q4_0", "f16", "bf16"])
  func weightsThatAreNoNumbersAreNotQuantised(_ format: String) throws {
    let tiny = try TinyVerbs()
    var broken = TinyModel.llama(.init { $0.vocabulary = 372 })
    let name = "model.layers.1.self_attn.k_proj.weight"
    broken.tensors[try #require(broken.position(name))].values[40] = .nan
    try broken.write(folder: tiny.folder.file("model"))
    var options = ModelOptions()
    options.quantization = format
    let failure = #expect(throws: SVFTError.self) {
      try Model(path: tiny.folder.file("model"), options: options)
    }
    #expect(failure?.kind == .nonFinite)
    #expect(failure?.message.contains("\(name): row 1: ") == true, "\(failure?.message ?? "")")
  }

  /// A tiny model whose token of the word "cat" (for a Llama: of the letter c) is no number.
  private func poisoned(_ model: TinyModel, _ table: String, tokenizer: String) throws -> Model {
    var model = model
    let folder = try TemporaryFolder()
    try folder.write("tokenizer.json", TinyVerbs.fixture(tokenizer))
    let ids = try Tokenizer(folder: folder.path).encode("cat", addSpecial: false)
    let place = try #require(model.position(table))
    for id in ids { model.tensors[place].values[Int(id) * 32] = .nan }
    return try TinyVerbs(model, tokenizer: TinyVerbs.fixture(tokenizer)).model()
  }

  @Test func outputsThatAreNoNumbersAreErrors() throws {
    let encoder = try poisoned(
      .bert(.init { $0.vocabulary = 83 }, labels: 3), "embeddings.word_embeddings.weight",
      tokenizer: "words")
    let llama = try poisoned(
      .llama(.init { $0.vocabulary = 372 }, tied: false), "model.embed_tokens.weight",
      tokenizer: "bytes")
    let ids = try llama.tokenize("cat")
    let calls: [(words: String, call: () throws -> Void)] = [
      ("text 1", { _ = try encoder.embed(["a dog", "the cat"]) }),
      ("text 2", { _ = try encoder.classify(["a dog", "dog", "the cat"]) }),
      ("logits of token", { _ = try llama.logits([1, 1] + ids) }),
      ("sequence 1", { _ = try llama.generate(["dog", "a cat"]) }),
    ]
    for (words, call) in calls {
      let failure = #expect(throws: SVFTError.self) { try call() }
      #expect(failure?.kind == .nonFinite, "\(words): \(failure?.message ?? "")")
      #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
    }
    _ = try (encoder.embed(["a dog"]), encoder.classify(["dog"]), llama.generate(["dog"]))
  }

  @Test func aTextWithoutTokensIsRefused() throws {
    var root = try JSON.parse(TinyVerbs.fixture("words")).root("tokenizer.json")
    root["post_processor"] = .null
    let tiny = try TinyVerbs(
      .bert(.init { $0.vocabulary = 83 }, labels: 3),
      tokenizer: JSON.object(root).text(.compact))
    let model = try tiny.model()
    for call in [
      { _ = try model.embed(["the cat", ""]) }, { _ = try model.classify(["the cat", ""]) },
    ] as [() throws -> Void] {
      let failure = #expect(throws: SVFTError.self) { try call() }
      #expect(failure?.kind == .invalidArgument)
      #expect(failure?.message.hasPrefix("text 1: ") == true)
    }
    #expect(try model.classify(["the cat"]).count == 1)
  }
}
