// One adapter made of several: a weighted sum, a mean, TIES, DARE (SVFTAdapters/Sums). Each counts
// with its scale as weight.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
public import SVFTTensor

extension Adapter {
  /// Makes one adapter of several of one model and one method (svft or lora), each with its scale
  /// as weight, and attaches it with a scale of 1; the others stay as they are.
  ///
  /// `options` is a JSON object: "rule" ("sum", "mean", "ties", "dare"; "sum" unless told), the
  /// rule's own keys ("density" of ties, "drop" and "seed" of dare), and for lora "rank" (the exact
  /// one unless told). Returns the adapter and a JSON report. Throws `.invalidArgument`,
  /// `.mismatch` (methods, bases or models that differ), `.unsupported` (methods without sums,
  /// rules that a method cannot follow), `.state` (an adapter that has yet to see data),
  /// `.nonFinite`.
  public static func sum(
    of adapters: [Adapter], options: String = "{}"
  ) throws(SVFTError) -> (adapter: Adapter, report: String) {
    guard let model = adapters.first?.model else {
      throw SVFTError(.invalidArgument, "expected at least one adapter to add up, found none")
    }
    guard adapters.allSatisfy({ $0.model === model }) else {
      throw SVFTError(.mismatch, "expected adapters of one loaded model, found those of two")
    }
    return try model.gate.exclusively { () throws(SVFTError) in
      for adapter in adapters {
        try adapter.requireNoScales("merge each into a model and import that")
      }
      let (rule, rank) = try AdapterOptions.argument { () throws(SVFTError) in
        let object = try JSON.parse(options).root("sum options")
        let rank = object.has("rank") ? try object.int("rank") : nil
        return (try SumRules.named(in: object, besides: ["rank"]), rank)
      }
      if let rank { _ = try Checked.within(rank, 1...65_536, "rank") }
      let classes = adapters.lazy.compactMap(\.attached.classes).first
      let sum = AdapterSum(
        adapters.map { AdapterSum.Term($0.method, weight: Double($0.scale)) }, rule, rank: rank,
        model.sites(with: classes ?? model.classes), model.factors)
      let result = try sum.result()
      let adapter = Adapter(
        model, Adapter.Attached(result.method, result.options, isTrained: true))
      if let classes, classes.isTouched(by: result.method) { adapter.attached.classes = classes }
      try adapter.attachNow()
      return (adapter, try JSON.object(report(sum, result)).text(.pretty))
    }
  }

  private static func report(_ sum: AdapterSum, _ result: AdapterSum.Result) -> JSON.Object {
    let modules = result.leftOut.map { (key: $0.module, value: JSON.number($0.share)) }
    return JSON.Object([
      ("rule", .string(type(of: sum.rule).name)),
      ("method", .string(type(of: result.method).name)),
      ("weights", .array(sum.terms.map { .number($0.weight) })),
      ("trainable", .integer(result.method.allParameters.reduce(0) { $0 + $1.count })),
      ("modules", .integer(modules.count)),
      ("left_out", .number(result.leftOut.map(\.share).max() ?? 0)),
      ("left_out_per_module", .object(JSON.Object(modules))),
    ])
  }
}
