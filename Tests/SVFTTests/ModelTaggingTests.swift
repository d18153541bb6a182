// Taggers from data as people have it to words with classes, through files and adapters.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct ModelTaggingTests {
  /// Twelve sentences of three words; cats and dogs are entities of their own.
  private func data(_ tiny: TinyVerbs, numbers: Bool = false) throws -> String {
    let lines = (0..<12).map { number in
      let animal = number % 2 == 0 ? "cat" : "dog"
      let tags =
        numbers
        ? "[0, \(number % 2 + 1), -100]"
        : "[\"O\", \"B-\(number % 2 == 0 ? "CAT" : "DOG")\", \"O\"]"
      return "{\"tokens\": [\"the\", \"\(animal)\", \"sat\"], "
        + "\"\(numbers ? "ner_tags" : "tags")\": \(tags)}"
    }
    return try tiny.lines(lines, name: "tagged.jsonl")
  }

  private func options(_ steps: Int = 60) -> TrainingOptions {
    TrainingBench.options {
      $0.steps = steps
      $0.batchSize = 4
      $0.learningRate = 5e-3
    }
  }

  @Test(arguments: [true, false], [#"{"method":"full"}"#, #"{"method":"lora","r":4}"#])
  func aTaggerLearnsIsSavedAndIsReadAgain(_ isEncoder: Bool, _ method: String) throws {
    let tiny = try TinyVerbs(encoder: isEncoder)
    let model = try tiny.model()
    let data = try data(tiny)
    let adapter = try model.createAdapter(method)
    try Trainer(adapter, data: data, options: options()).train()
    let figures = try model.evaluate(data)
    #expect(figures.accuracy == 1 && figures.entityF1 == 1 && figures.count == 36)
    let found = try #require(try model.classify(["the dog, the cat."])[0].words)
    #expect(found.map(\.text) == ["the", "dog", ",", "the", "cat", "."])
    #expect(found.map(\.range)[1] == 4..<7)
    #expect(found[1].label == "B-DOG" && found[0].label == "O" && found[1].score > 0.5)

    try adapter.save(to: tiny.folder.file("adapter"))
    let fresh = try tiny.model()
    _ = try fresh.loadAdapter(tiny.folder.file("adapter"))
    #expect(try fresh.classify(["the dog, the cat."])[0].words == found)

    _ = try model.save(to: tiny.folder.file("merged"), format: "f32")
    let config = try JSON.read(tiny.folder.file("merged/config.json")).root("config")
    #expect(try config.strings("architectures")[0].hasSuffix("ForTokenClassification"))
    let merged = try Model(path: tiny.folder.file("merged"))
    let again = try #require(try merged.classify(["the dog, the cat."])[0].words)
    #expect(again.map(\.label) == found.map(\.label))
    #expect(kind { _ = try model.save(to: tiny.folder.file("a.gguf")) } == .unsupported)
  }

  @Test func numbersAreClassesAndWhatIsMarkedCountsNothing() throws {
    let tiny = try TinyVerbs(encoder: true)
    let model = try tiny.model()
    let data = try data(tiny, numbers: true)
    let adapter = try model.createAdapter(#"{"method":"head"}"#)
    try Trainer(adapter, data: data, options: options(2)).train()
    let figures = try model.evaluate(data)
    #expect(figures.count == 24 && figures.entityF1 == nil)
    #expect(try model.classify(["cat"])[0].words?.count == 1)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let tiny = try TinyVerbs(encoder: true)
    let model = try tiny.model()
    let data = try data(tiny)
    #expect(kind { _ = try model.evaluate(data) } == .unsupported)
    let adapter = try model.createAdapter(#"{"method":"head"}"#)
    try Trainer(adapter, data: data, options: options(1)).train()
    #expect(kind { _ = try model.classify(["a"], pairs: ["b"]) } == .invalidArgument)
    #expect(kind { _ = try model.classify([""]) } == .invalidArgument)
    #expect(
      kind { _ = try model.classify([String(repeating: "cat ", count: 200)]) } == .limit)
    #expect(kind { _ = try model.evaluate(try tiny.labelled()) } == .unsupported)
    let unknown = try tiny.lines([#"{"tokens":["a"],"tags":["B-COW"]}"#], name: "unknown.jsonl")
    #expect(kind { _ = try model.evaluate(unknown) } == .data)
  }

  @Test(arguments: [
    #"{"tokens":["a","b"],"tags":["O"]}"#, #"{"tokens":["a"]}"#, #"{"tokens":"a","tags":["O"]}"#,
    #"{"tokens":["a"],"tags":[0.5]}"#, #"{"tokens":["a"],"tags":[-3]}"#,
    #"{"tokens":["a"],"tags":[[1]]}"#, #"{"tokens":[1],"tags":["O"]}"#,
  ])
  func brokenRecordsNameTheirLine(_ record: String) throws {
    let tiny = try TinyVerbs(encoder: true)
    let data = try tiny.lines([record], name: "broken.jsonl")
    let adapter = try tiny.model().createAdapter(#"{"method":"head"}"#)
    let failure = #expect(throws: SVFTError.self) {
      _ = try Trainer(adapter, data: data, options: options(1))
    }
    #expect(failure?.kind == .data && failure?.message.contains("line 1") == true)
  }

  @Test func longSentencesKeepTheirEnd() throws {
    let tiny = try TinyVerbs(encoder: true)
    let model = try tiny.model()
    let words = (0..<40).map { _ in "\"cat\"" }.joined(separator: ",")
    let tags = (0..<40).map { "\"\($0 % 2 == 0 ? "A" : "B")\"" }.joined(separator: ",")
    let data = try tiny.lines(["{\"tokens\":[\(words)],\"tags\":[\(tags)]}"])
    let adapter = try model.createAdapter(#"{"method":"head"}"#)
    var options = options(1)
    options.maxLength = 12
    try Trainer(adapter, data: data, options: options).train()
    #expect(try model.evaluate(data, options: options).count == 10)
  }

  @Test func aTaggerIsRunOnWhatItIsCalibratedBy() throws {
    let tiny = try TinyVerbs(encoder: true)
    let model = try tiny.model()
    let data = try data(tiny)
    try Trainer(model.createAdapter(#"{"method":"full"}"#), data: data, options: options(1)).train()
    let before = try model.classify(["the dog"])
    var options = SavingOptions()
    (options.format, options.calibration) = ("f32", data)
    _ = try model.save(to: tiny.folder.file("calibrated"), options)
    #expect(try model.classify(["the dog"]) == before)
    #expect(try Model(path: tiny.folder.file("calibrated")).classify(["the dog"]) == before)
  }
}
