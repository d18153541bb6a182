// Adapters at default compute, through whole models: BF16 and 8 bit round what products read, and
// an adapter may be off by no more than the base beneath it, whatever its form, its factors and the
// format of the base.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct DefaultComputeContractTests {
  /// Random square matrices have directions that hardly matter to W, the rectangles have none.
  private static let tiny = TinyModel.llama(
    .init { ($0.hidden, $0.feedForward, $0.deviation) = (64, 160, 0.12) })

  static let bases = ["bf16", "q8_0", "q4_0"]
  static let methods: [String] = {
    let patterns = ["plain", "banded", "random"]
    func svft(_ way: String, _ pattern: String) -> String {
      let band = pattern == "plain" ? "" : #","d":3"#
      return #"{"method":"svft",\#(way),"pattern":"\#(pattern)"\#(band)}"#
    }
    var methods = [#"{"method":"lora","r":4}"#, #"{"method":"full"}"#]
    for form in ["additive", "one-sided", "factored", "materialised", "auto"] {
      methods += patterns.map { svft("\"form\":\"\(form)\"", $0) }
    }
    for factors in ["bf16", "q8_0"] {
      methods += patterns.map { svft("\"factors\":\"\(factors)\"", $0) }
    }
    return methods
  }()

  private struct Pair {
    let folder: TemporaryFolder
    let ids: [Int32] = [3, 10, 17, 24, 31, 1, 8, 15, 22, 29, 36, 6]

    init() throws {
      folder = try TemporaryFolder()
      try tiny.write(folder: folder.file("model"))
    }

    func model(_ format: String, _ precision: ModelOptions.Precision) throws -> Model {
      var options = ModelOptions()
      (options.threads, options.precision, options.quantization) = (2, precision, format)
      return try Model(path: folder.file("model"), options: options)
    }

    func data() throws -> String {
      let lines = (0..<8).map { number in
        let list = (0..<10).map { String(($0 * 7 + number % 2 * 3) % 37 + 3) }
        return "{\"input_ids\": [\(list.joined(separator: ", "))]}"
      }
      return try folder.write("data.jsonl", lines.joined(separator: "\n"))
    }
  }

  /// Length of the difference of two vectors by the length of the first.
  private func distance(_ a: [Float], _ b: [Float]) -> Float {
    let square = zip(a, b).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return (square / a.reduce(0) { $0 + $1 * $1 }).squareRoot()
  }

  @Test(arguments: bases, methods)
  func anAdapterIsOffByNoMoreThanItsBase(_ format: String, _ method: String) throws {
    let pair = try Pair()
    let (exact, usual) = (try pair.model(format, .f32), try pair.model(format, .standard))
    let plain = try exact.logits(pair.ids)
    let ofBase = distance(plain, try usual.logits(pair.ids))
    let adapter = try exact.createAdapter(method)
    try trainBriefly(adapter, pair.data(), steps: 4) { $0.learningRate = 5e-2 }
    let adapted = try exact.logits(pair.ids)
    #expect(distance(plain, adapted) > 0.02)
    _ = try adapter.save(to: pair.folder.file("adapter"))
    _ = try usual.loadAdapter(pair.folder.file("adapter"))
    let ofAdapter = distance(adapted, try usual.logits(pair.ids))
    #expect(ofAdapter < 1.3 * ofBase + 1e-3)
  }

  /// Later steps would only tell how fast two runs part.
  @Test(arguments: bases, methods)
  func trainingLearnsTheSame(_ format: String, _ method: String) throws {
    let pair = try Pair()
    let data = try pair.data()
    func losses(_ precision: ModelOptions.Precision) throws -> (Double, Double) {
      let model = try pair.model(format, precision)
      let before = try model.evaluate(data).loss
      try trainBriefly(model.createAdapter(method), data, steps: 2)
      return (before, try model.evaluate(data).loss)
    }
    let (exact, usual) = (try losses(.f32), try losses(.standard))
    #expect(usual.1 < usual.0)
    let learnt = exact.0 - exact.1
    #expect(abs(usual.0 - usual.1 - learnt) < 0.05 * learnt)
  }
}
