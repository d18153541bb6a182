// Two adapters of one model know their own classes: one at a time, each with its head and names.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct ClassesTests {
  private static let texts = ["the cat sat", "a dog ran", "the bird sang"]

  /// Records whose first words tell the class.
  private func labelled(_ tiny: TinyVerbs, _ names: [String]) throws -> String {
    let lines = (0..<12).map { (index: Int) in
      let place = index % names.count
      return "{\"text\": \"\(Self.texts[place])\", \"label\": \"\(names[place])\"}"
    }
    return try tiny.folder.write("\(names[0]).jsonl", lines.joined(separator: "\n"))
  }

  /// A saved adapter that was trained on its classes alone.
  private func saved(_ tiny: TinyVerbs, _ names: [String]) throws -> String {
    let adapter = try tiny.model().createAdapter(#"{"method":"lora","r":2}"#)
    var options = TrainingOptions()
    options.steps = 6
    options.learningRate = 0.02
    try Trainer(adapter, data: try labelled(tiny, names), options: options).train()
    let path = tiny.folder.file("adapter-\(names[0])")
    try adapter.save(to: path)
    return path
  }

  private func config(_ path: String) throws -> JSON.Object {
    try JSON.read(path).root("config")
  }

  @Test(arguments: [false, true]) func eachAdapterHasItsOwnClasses(_ encoder: Bool) throws {
    let tiny = try TinyVerbs(encoder: encoder)
    let (pets, kinds) = (["cat", "dog"], ["x", "y", "z"])
    let paths = try [pets, kinds].map { try saved(tiny, $0) }
    let alone = try paths.map { path in
      let model = try tiny.model()
      _ = try model.loadAdapter(path)
      return try model.classify(Self.texts)
    }
    let model = try tiny.model()
    let first = try model.loadAdapter(paths[0])
    let refused = #expect(throws: SVFTError.self) { try model.loadAdapter(paths[1]) }
    #expect(refused?.kind == .state)
    #expect(refused?.message.contains("cat, dog") == true)
    let second = try model.loadAdapter(paths[1], scale: 0)
    #expect(try model.classify(Self.texts) == alone[0])
    #expect(throws: SVFTError.self) { try second.setScale(1) }
    #expect(try model.classify(Self.texts) == alone[0])
    try first.setScale(0)
    #expect(throws: SVFTError.self) { try model.classify(Self.texts) }
    try second.setScale(1)
    #expect(try model.classify(Self.texts) == alone[1])
    try first.save(to: tiny.folder.file("again"))
    let labels = try config(tiny.folder.file("again/adapter_config.json")).object("svft_labels")
    #expect(try labels.strings("names") == pets)
    _ = try model.save(to: tiny.folder.file("merged"))
    let names = try config(tiny.folder.file("merged/config.json")).object("id2label")
    #expect(try (0..<3).map { try names.string("\($0)") } == kinds)
    try second.detach()
    #expect(throws: SVFTError.self) { try model.classify(Self.texts) }
    try first.setScale(1)
    #expect(try model.classify(Self.texts) == alone[0])
    #expect(try model.evaluate(try labelled(tiny, pets)).count == 12)
  }

  @Test func afterOneIsGoneAnotherNumberOfClassesCanBeLearned() throws {
    let tiny = try TinyVerbs(encoder: true)
    let model = try tiny.model()
    let first = try model.createAdapter(#"{"method":"lora"}"#)
    var options = TrainingOptions()
    options.steps = 1
    try Trainer(first, data: try labelled(tiny, ["cat", "dog"]), options: options).train()
    try first.detach()
    let second = try model.createAdapter(#"{"method":"svft"}"#)
    try Trainer(second, data: try labelled(tiny, ["x", "y", "z"]), options: options).train()
    #expect(try ["x", "y", "z"].contains(model.classify(["the cat"])[0].label))
  }

  @Test func classesOfTheCheckpointComeBack() throws {
    let tiny = try TinyVerbs(encoder: true)
    let path = try saved(tiny, ["cat", "dog"])
    let trained = try tiny.model()
    _ = try trained.loadAdapter(path)
    _ = try trained.save(to: tiny.folder.file("merged"))
    let model = try Model(path: tiny.folder.file("merged"))
    let before = try model.classify(Self.texts)
    let adapter = try model.createAdapter(#"{"method":"lora","targets":["query","classifier"]}"#)
    var options = TrainingOptions()
    options.steps = 4
    options.learningRate = 0.05
    try Trainer(adapter, data: try labelled(tiny, ["cat", "dog"]), options: options).train()
    #expect(try model.classify(Self.texts) != before)
    try adapter.detach()
    #expect(try model.classify(Self.texts) == before)
  }
}
