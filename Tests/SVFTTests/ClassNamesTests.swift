// Names of classes: from a model's config, through GGUF, with an adapter.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct ClassNamesTests {
  private func model(_ names: [String]?) throws -> TinyVerbs {
    var model = TinyModel.bert(.init { $0.vocabulary = 83 }, labels: 3)
    if let names {
      let pairs = names.enumerated().map { ("\($0)", JSON.string($1)) }
      model.config["id2label"] = .object(JSON.Object(pairs.map { (key: $0, value: $1) }))
    }
    return try TinyVerbs(model, tokenizer: TinyVerbs.fixture("words"))
  }

  private func labels(_ model: Model) throws -> [String] {
    try model.classify(["the cat sat"])[0].scores.map(\.label)
  }

  @Test func areReadInTheOrderOfTheirNumbers() throws {
    #expect(try labels(model(["c", "a", "b"]).model()) == ["c", "a", "b"])
  }

  @Test(arguments: [["a", "b"], ["a", "b", "c", "d"]])
  func anotherCountThanTheClassifierHasIsRefused(_ names: [String]) throws {
    let failure = #expect(throws: SVFTError.self) { try model(names).model() }
    #expect(failure?.kind == .format)
    #expect(failure?.message.contains("id2label") == true)
  }

  @Test func standInsAreNumbers() throws {
    for names in [nil, ["LABEL_0", "LABEL_1", "LABEL_2"]] as [[String]?] {
      #expect(try labels(model(names).model()) == ["0", "1", "2"])
    }
  }

  @Test(arguments: ["merged", "merged.gguf"])
  func namesThatOnlyBeginAsStandInsAreNames(_ name: String) throws {
    for names in [["LABEL_2", "LABEL_1", "LABEL_0"], ["LABEL_A", "LABEL_B", "LABEL_C"]] {
      let tiny = try model(names)
      _ = try tiny.model().save(to: tiny.folder.file(name))
      #expect(try labels(Model(path: tiny.folder.file(name))) == names)
    }
  }

  @Test(arguments: ["merged", "merged.gguf"])
  func travelWithASavedModel(_ name: String) throws {
    let tiny = try model(["c", "a", "b"])
    _ = try tiny.model().save(to: tiny.folder.file(name))
    #expect(try labels(Model(path: tiny.folder.file(name))) == ["c", "a", "b"])
  }

  @Test func dataWithOtherNamesIsRefusedAndItsHeadKept() throws {
    let tiny = try model(["cat", "dog", "cow"])
    let model = try tiny.model()
    let before = try model.classify(["the cat sat"])
    let adapter = try model.createAdapter(#"{"method":"lora","r":2}"#)
    let strange = try tiny.lines([#"{"text":"a","label":"bee"}"#])
    let failure = #expect(throws: SVFTError.self) { try Trainer(adapter, data: strange) }
    #expect(failure?.kind == .data && failure?.message.contains("line 1: label: ") == true)
    _ = try Trainer(adapter, data: tiny.labelled())
    #expect(try model.classify(["the cat sat"]) == before)
  }

  @Test func aStoredScoreHeadIsKept() throws {
    let tiny = try TinyVerbs(
      .bert(.init { $0.vocabulary = 83 }, labels: 1), tokenizer: TinyVerbs.fixture("words"))
    let model = try tiny.model()
    let before = try model.classify(["the cat sat"])
    _ = try Trainer(model.createAdapter(#"{"method":"lora","r":2}"#), data: tiny.scored())
    #expect(try model.classify(["the cat sat"]) == before)
  }
}
