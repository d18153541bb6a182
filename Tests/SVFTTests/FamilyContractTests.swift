// Every tiny checkpoint of every family through the contract of adapters and files: a fresh adapter
// changes nothing, training lowers the loss over F32 and over quantised weights, what is merged
// equals what was attached in both containers, and files of one container go through the other.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct FamilyContractTests {
  static let methods = [
    #"{"method":"svft","pattern":"banded","d":2}"#, #"{"method":"lora","r":4}"#,
    #"{"method":"full"}"#,
  ]

  /// A copy of a fixture with a tokenizer of as many tokens as it has ids, and texts as ids.
  private struct Copy {
    let folder: TemporaryFolder
    let ids: [Int32]
    let path: String

    init(_ fixture: FamilyFixture) throws {
      folder = try TemporaryFolder()
      ids = try fixture.golden().ids
      path = try fixture.copied(to: folder)
    }

    func model(_ path: String? = nil, quantize: String? = nil) throws -> Model {
      var options = ModelOptions()
      (options.threads, options.quantization) = (2, quantize)
      if quantize == nil { options.precision = .f32 }
      return try Model(path: path ?? self.path, options: options)
    }

    func data() throws -> String {
      let lines = (0..<8).map { number in
        let list = (0..<10).map { String(($0 * 7 + number % 2 * 3) % 37 + 3) }
        return "{\"input_ids\": [\(list.joined(separator: ", "))]}"
      }
      return try folder.write("data.jsonl", lines.joined(separator: "\n"))
    }

    /// Saves as a GGUF file; nil where the family or the checkpoint has no place there.
    func gguf(_ model: Model) throws -> String? {
      do throws(SVFTError) {
        _ = try model.save(to: folder.file("merged.gguf"))
      } catch {
        guard error.kind == .unsupported else { throw error }
        return nil
      }
      return folder.file("merged.gguf")
    }
  }

  /// Every checkpoint that predicts tokens.
  static let predicting = FamilyFixture.all + FamilyFixture.answers

  @Test(arguments: predicting, methods)
  func whatIsMergedEqualsWhatWasAttached(_ fixture: FamilyFixture, _ method: String) throws {
    let copy = try Copy(fixture)
    let model = try copy.model()
    let base = try model.logits(copy.ids)
    let adapter = try model.createAdapter(method)
    #expect(relativeDistance(base, try model.logits(copy.ids)) < 1e-5)
    try trainBriefly(adapter, try copy.data())
    let expected = try model.logits(copy.ids)
    #expect(relativeDistance(base, expected) > 1e-3)
    _ = try model.save(to: copy.folder.file("merged"))
    let paths = [copy.folder.file("merged"), try copy.gguf(model)].compactMap { $0 }
    for path in paths {
      // Weights are written as the F16 they were: the change is rounded.
      let found = try copy.model(path).logits(copy.ids)
      #expect(relativeDistance(expected, found) < 5e-3, "\(path)")
    }
  }

  @Test(arguments: predicting, ["q8_0", "q4_0"])
  func quantisedWeightsAreTrainedOver(_ fixture: FamilyFixture, _ format: String) throws {
    let copy = try Copy(fixture)
    let base = try copy.model().logits(copy.ids)
    let model = try copy.model(quantize: format)
    let quantised = try model.logits(copy.ids)
    #expect(relativeDistance(base, quantised) < (format == "q8_0" ? 0.1 : 1.5))
    for method in Self.methods.prefix(2) {
      let adapter = try model.createAdapter(method)
      let before = try model.evaluate(copy.data()).loss
      try trainBriefly(adapter, try copy.data(), steps: 6)
      #expect(try model.evaluate(copy.data()).loss < before)
      try adapter.detach()
    }
  }

  @Test(arguments: predicting)
  func tensorsGoThroughTheOtherContainerAndBack(_ fixture: FamilyFixture) throws {
    let copy = try Copy(fixture)
    guard let gguf = try copy.gguf(copy.model()) else { return }
    _ = try copy.model(gguf).save(to: copy.folder.file("back"), format: "f16")
    let one = try Safetensors(copy.path + "/model.safetensors")
    let other = try Safetensors(copy.folder.file("back/model.safetensors"))
    #expect(Set(one.names) == Set(other.names))
    for name in one.names {
      #expect(try one.require(name).shape == other.require(name).shape, "\(name)")
      let (a, b) = (try values(one, name), try values(other, name))
      // One taken from one plus a small number is rounded.
      let bound: Float = name.contains("norm") ? 1e-6 : 0
      #expect(zip(a, b).allSatisfy { abs($0 - $1) <= bound }, "\(name)")
    }
    let logits = try copy.model().logits(copy.ids)
    let back = try copy.model(copy.folder.file("back")).logits(copy.ids)
    #expect(relativeDistance(logits, back) < 1e-4)
  }

  @Test(
    arguments: FamilyFixture.encoders + [FamilyFixture(name: "t5-classes", kind: "answers")],
    methods + [#"{"method":"head"}"#])
  func aMergedEncoderClassifiesAsTheAttachedOne(
    _ fixture: FamilyFixture, _ method: String
  ) throws {
    let copy = try Copy(fixture)
    let model = try copy.model()
    // A head of one output gives a score.
    let classes = fixture.name.hasSuffix("one") ? 1 : 3
    let lines = (0..<12).map { number in
      let label = classes > 1 ? "\"LABEL_\(number % classes)\"" : "\(number % 2)"
      return "{\"text\": \"\(["%", "&", "+"][number % 3])\", \"label\": \(label)}"
    }
    let data = try copy.folder.write("labelled.jsonl", lines.joined(separator: "\n"))
    let texts = ["%", "&", "+"]
    func scores(_ model: Model) throws -> [Float] {
      try model.classify(texts).flatMap { found in
        found.scores.isEmpty ? [Float(found.score)] : found.scores.map { Float($0.probability) }
      }
    }
    let base = try scores(model)
    try trainBriefly(model.createAdapter(method), data)
    let expected = try scores(model)
    #expect(relativeDistance(base, expected) > 1e-4)
    _ = try model.save(to: copy.folder.file("merged"))
    for path in [copy.folder.file("merged"), try copy.gguf(model)].compactMap({ $0 }) {
      #expect(relativeDistance(expected, try scores(copy.model(path))) < 5e-3, "\(path)")
    }
  }

  @Test(arguments: FamilyFixture.encoders, ["q8_0", "q4_0"])
  func quantisedEncodersSayAboutTheSame(_ fixture: FamilyFixture, _ format: String) throws {
    let copy = try Copy(fixture)
    let base = Array(try copy.model().embed(["%&+", "A"]).joined())
    let found = Array(try copy.model(quantize: format).embed(["%&+", "A"]).joined())
    #expect(relativeDistance(base, found) < (format == "q8_0" ? 0.1 : 1))
  }

  @Test(arguments: FamilyFixture.encoders)
  func encodersGoThroughGGUFAndBack(_ fixture: FamilyFixture) throws {
    let copy = try Copy(fixture)
    let model = try copy.model()
    guard let gguf = try copy.gguf(model) else {
      // What GGUF has no place for.
      #expect(fixture.name.hasPrefix("deberta") || fixture.name == "roberta-one")
      return
    }
    let file = try copy.model(gguf)
    let texts = ["%&+", "A"]
    let vectors = try model.embed(texts).joined()
    #expect(relativeDistance(Array(vectors), Array(try file.embed(texts).joined())) < 1e-4)
    _ = try file.save(to: copy.folder.file("back"), format: "f16")
    let back = try copy.model(copy.folder.file("back"))
    #expect(relativeDistance(Array(vectors), Array(try back.embed(texts).joined())) < 1e-4)
    let one = try Safetensors(copy.path + "/model.safetensors")
    let other = try Safetensors(copy.folder.file("back/model.safetensors"))
    for name in one.names where fixture.name == "roberta" {
      #expect(try one.require(name).shape == other.require(name).shape, "\(name)")
      // Rows before the first token's are not in the file.
      let skipped = name.hasSuffix("position_embeddings.weight") ? 32 : 0
      #expect(
        try values(one, name).dropFirst(skipped) == values(other, name).dropFirst(skipped),
        "\(name)")
    }
  }

  @Test(arguments: FamilyFixture.taggers, methods + [#"{"method":"head"}"#])
  func aMergedTaggerSaysWhatTheAttachedOneDid(
    _ fixture: FamilyFixture, _ method: String
  ) throws {
    let copy = try Copy(fixture)
    let model = try copy.model()
    let lines = (0..<12).map { number in
      "{\"tokens\": [\"\(["A", "B", "C"][number % 3])\", \"D\"], \"tags\": [\(number % 3), 1]}"
    }
    let data = try copy.folder.write("tagged.jsonl", lines.joined(separator: "\n"))
    func scores(_ model: Model) throws -> [Float] {
      try model.classify(["A B C"])[0].words?.map { Float($0.score) } ?? []
    }
    let base = try scores(model)
    #expect(base.count == 3)
    try trainBriefly(model.createAdapter(method), data)
    let expected = try scores(model)
    #expect(relativeDistance(base, expected) > 1e-4)
    _ = try model.save(to: copy.folder.file("merged"))
    #expect(
      relativeDistance(expected, try scores(copy.model(copy.folder.file("merged")))) < 5e-3)
  }

  private func values(_ file: Safetensors, _ name: String) throws -> [Float] {
    let entry = try file.require(name)
    let format = try ElementFormats.required(entry.type.name.lowercased())
    var values = [Float](repeating: 0, count: entry.shape.reduce(1, *))
    let bytes = try file.bytes(name)
    withExtendedLifetime(bytes) {
      format.decode(bytes.pointer, count: values.count, into: &values)
    }
    return values
  }
}
