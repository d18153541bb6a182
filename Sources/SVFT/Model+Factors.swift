// The singular factors of a model's matrices, computed ahead of the adapters that need them, and
// what that took:
//
//   {"matrices": 2, "seconds": 3.1, "largest_residual": 4e-8, "largest_departure": 2e-7,
//    "layers": [{"name", "shape", "order", "method", "seconds", "residual", "departure",
//                "cached"}]}
//
// residual is ‖W − UΣVᵀ‖/‖W‖, departure the distance of UᵀU and VᵀV from 1 (SVD+Accuracy.swift);
// null for what a cache of an earlier release kept.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
public import SVFTTensor

extension Model {
  /// Computes the singular factors of `targets` ("all-linear", or suffixes of module names), or
  /// takes them from the cache. Throws `.mismatch` where no target is found, `.nonFinite`,
  /// `.memory`, `.cancelled`.
  public func factor(_ targets: [String] = ["all-linear"], progress: WorkProgress? = nil)
    throws(SVFTError)
  {
    let rule: TargetRule = targets == ["all-linear"] ? .allLinear : .ends(targets)
    _ = try factor(rule, nil, progress)
  }

  /// The same with options as JSON: "targets" (a list, or one), "rank" (the first directions alone,
  /// by a randomised method) and its "iterations" (0 to 64; 4). Returns a report as JSON.
  ///
  /// Throws `.invalidArgument` too.
  public func factor(
    options: String, progress: WorkProgress? = nil
  ) throws(SVFTError) -> String {
    let options = try AdapterOptions.argument { () throws(SVFTError) in
      let object = try JSON.parse(options).root("factor options")
      try object.refuseKeys(otherThan: ["targets", "rank", "iterations"])
      return try AdapterOptions(.object(object))
    }
    var truncation: SVD.Truncation?
    let iterations = try options.int("iterations", default: 4, 0...64)
    if options.object.has("rank") {
      truncation = SVD.Truncation(
        rank: try options.int("rank", default: 1, 1...(1 << 24)), iterations: iterations)
    } else if options.object.has("iterations") {
      throw SVFTError(.invalidArgument, "iterations: expected a rank with them, found none")
    }
    let start = Clock.seconds()
    let records = try factor(options.targets(default: .allLinear), truncation, progress)
    return try Self.report(records, seconds: Clock.seconds() - start).text(.pretty)
  }

  private func factor(
    _ rule: TargetRule, _ truncation: SVD.Truncation?, _ progress: WorkProgress?
  ) throws(SVFTError) -> [FactorRecord] {
    try gate.exclusively { () throws(SVFTError) in
      factors.progress = progress
      defer { factors.progress = nil }
      let slots = try sites(with: classes).projections(rule).map(\.weight)
      let wish = FactorStore.Wish(truncation)
      try factors.fill(slots, wish)
      return factors.records(slots, wish)
    }
  }

  private static func report(_ records: [FactorRecord], seconds: Double) -> JSON {
    func number(_ value: Double) -> JSON { value.isFinite ? .number(value) : .null }
    let layers = records.map { record in
      JSON.object(
        JSON.Object([
          ("name", .string(record.name)),
          ("shape", .array([.integer(record.rows), .integer(record.columns)])),
          ("order", .integer(record.order)), ("method", .string(record.method)),
          ("seconds", .number(record.seconds)), ("residual", number(record.accuracy.residual)),
          ("departure", number(record.accuracy.departure)), ("cached", .bool(record.isCached)),
        ]))
    }
    let residuals = records.map(\.accuracy.residual).filter(\.isFinite)
    let departures = records.map(\.accuracy.departure).filter(\.isFinite)
    return .object(
      JSON.Object([
        ("matrices", .integer(records.count)), ("seconds", .number(seconds)),
        ("largest_residual", number(residuals.max() ?? .nan)),
        ("largest_departure", number(departures.max() ?? .nan)), ("layers", .array(layers)),
      ]))
  }
}
