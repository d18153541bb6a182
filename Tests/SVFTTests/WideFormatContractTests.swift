// Adapters over the formats whose blocks are wider than the tiny checkpoints of families: training
// lowers the loss, and what is merged computes what was attached.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct WideFormatContractTests {
  static let formats = ElementFormats.encodable.filter { !$0.fits(columns: 32) }
    .map { $0.name.lowercased() }
  static let methods = [
    #"{"method":"svft"}"#, #"{"method":"svft","pattern":"banded","d":2}"#,
    #"{"method":"lora","r":4}"#,
  ]

  @Test(arguments: formats, methods)
  func isTrainedOverAndMerged(_ format: String, _ method: String) throws {
    let folder = try TemporaryFolder()
    let tiny = TinyModel.llama(
      .init { ($0.hidden, $0.feedForward, $0.layers, $0.deviation) = (256, 256, 1, 0.06) })
    try tiny.write(folder: folder.file("model"))
    let lines = (0..<8).map { number in
      let ids = (0..<10).map { String(($0 * 7 + number % 2 * 3) % 37 + 3) }
      return "{\"input_ids\": [\(ids.joined(separator: ", "))]}"
    }
    let data = try folder.write("data.jsonl", lines.joined(separator: "\n"))
    func model(_ name: String, _ quantization: String? = nil) throws -> Model {
      var options = ModelOptions()
      (options.threads, options.precision, options.quantization) = (2, .f32, quantization)
      return try Model(path: folder.file(name), options: options)
    }
    let ids: [Int32] = [3, 10, 17, 24, 31, 1]
    let exact = try model("model").logits(ids)
    let quantised = try model("model", format)
    let base = try quantised.logits(ids)
    // Numbers drawn at random lose nearly all in three values.
    #expect(base != exact && (format.hasPrefix("tq") || relativeDistance(exact, base) < 1))
    let adapter = try quantised.createAdapter(method)
    #expect(relativeDistance(base, try quantised.logits(ids)) < 1e-5)
    let before = try quantised.evaluate(data).loss
    try trainBriefly(adapter, data, steps: 4)
    #expect(try quantised.evaluate(data).loss < before)
    let attached = try quantised.logits(ids)
    #expect(relativeDistance(base, attached) > 1e-3)
    _ = try quantised.save(to: folder.file("merged"), format: "f32")
    #expect(relativeDistance(attached, try model("merged").logits(ids)) < 1e-4)
  }
}
