// The contract of every method, and of SVFT's variants: what is in the registry is tested here.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

/// Largest difference relative to the largest value.
func distance(_ a: [Float], _ b: [Float]) -> Float {
  let size = a.map(abs).max() ?? 0
  return zip(a, b).map { abs($0 - $1) }.max().map { $0 / max(size, 1e-30) } ?? 0
}

@Suite struct AdapterMethodTests {
  @Test(arguments: TinyOptions.all)
  func freshAdapterLeavesOutputUnchanged(options: JSON) throws {
    let model = try TinyChain()
    let before = try model.session().outputs()
    let method = try model.method(options)
    try AdapterSet.attach(method)
    let during = try model.session().outputs()
    #expect(distance(before, during) < (method.allParameters.isEmpty ? 0 : 1e-5))
    method.disturb()
    #expect(distance(before, try model.session().outputs()) > 1e-3)
    AdapterSet.detach(method)
    #expect(try model.session().outputs() == before)
  }

  @Test(arguments: TinyOptions.all + TinyOptions.cutting)
  func gradientsEqualCentralDifferences(options: JSON) throws {
    let model = try TinyChain(interleaved: true)
    let method = try model.method(options)
    method.disturb()
    try AdapterSet.attach(method, scale: AdapterSet.isScalable(method) ? 0.7 : 1)
    let session = try model.session(training: true)
    let subjects = try method.allParameters.map { GradientCheck.Subject($0) } + [session.subject()]
    let complaints = try GradientCheck.run(subjects) {
      method.refresh(threads: 1)
      return try session.loss()
    } gradients: {
      method.allParameters.forEach { $0.gradients.update(repeating: 0) }
      method.refresh(threads: 1)
      try session.gradients()
    }
    #expect(complaints.isEmpty, "\(complaints.joined(separator: "\n"))")
  }

  @Test(arguments: TinyOptions.all + TinyOptions.cutting, [1, 3])
  func anyTeamGivesTheSameBits(options: JSON, threads: Int) throws {
    func run(_ threads: Int) throws -> [[Float]] {
      let model = try TinyChain()
      let method = try model.method(options)
      method.disturb()
      try AdapterSet.attach(method)
      let session = try model.session(training: true, rows: 301, threads: threads)
      let outputs = try session.outputs()
      return try [outputs, session.gradients()] + method.allParameters.map { Array($0.gradients) }
    }
    #expect(try run(threads) == run(2))
  }

  @Test(arguments: TinyOptions.all + TinyOptions.cutting, [false, true])
  func mergedEqualsApplied(options: JSON, interleaved: Bool) throws {
    let model = try TinyChain(interleaved: interleaved)
    let method = try model.method(options)
    method.disturb()
    let scale: Float = AdapterSet.isScalable(method) ? -0.5 : 1
    try AdapterSet.attach(method, scale: scale)
    let applied = try model.session().outputs()
    // A second model, whose F32 weights are the merged ones.
    let merged = try TinyChain(interleaved: interleaved)
    for (from, to) in zip(model.sites.projections, merged.sites.projections) {
      let weight = from.weight.current
      let target = to.weight.weight.bytes.pointer.assumingMemoryBound(to: Float.self)
      weight.decode(rows: 0..<weight.rows, into: target)
      if !from.attachments.isEmpty {
        for first in stride(from: 0, to: weight.rows, by: 7) {
          let rows = first..<min(weight.rows, first + 7)
          try method.addDelta(
            from, rows: rows, scale: scale, to: target + first * weight.columns)
        }
      }
      if let bias = from.bias, let other = to.bias {
        bias.current.decode(
          rows: 0..<1, into: other.weight.bytes.pointer.assumingMemoryBound(to: Float.self))
      }
    }
    #expect(distance(applied, try merged.session().outputs()) < 1e-5)
  }

  @Test(arguments: TinyOptions.all + TinyOptions.cutting, ElementFormats.small.map(\.name))
  func oneStepLowersTheLossOverEveryFormat(options: JSON, format: String) throws {
    let format = try #require(ElementFormats.all.first { $0.name == format })
    let model = try TinyChain(format)
    let method = try model.method(options)
    try AdapterSet.attach(method)
    let session = try model.session(training: true)
    let before = try session.loss()
    try session.gradients()
    let parameters = method.allParameters
    let squares = parameters.flatMap { Array($0.gradients) }.reduce(0.0) { $0 + Double($1 * $1) }
    for parameter in parameters {
      for index in parameter.values.indices {
        parameter.values[index] -= Float(0.01 / squares.squareRoot()) * parameter.gradients[index]
      }
    }
    method.refresh(threads: 1)
    #expect(squares > 0)
    #expect(try session.loss() < before)
  }

  @Test(arguments: AdapterMethods.all.map { $0.name })
  func unknownOptionsAreRefusedWithTheKnownOnes(name: String) throws {
    let model = try TinyChain()
    do {
      _ = try model.method(["method": .string(name), "rnak": 8])
      Issue.record("an unknown key was accepted")
    } catch let error as SVFTError {
      #expect(error.kind == .invalidArgument)
      #expect(error.message.contains("rnak") && error.message.contains("targets"))
    }
  }

  @Test(arguments: [
    ("{\"method\":\"svft\",\"pattern\":\"diagonal\"}", SVFTError.Kind.invalidArgument),
    ("{\"method\":\"svft\",\"d\":-1}", .invalidArgument),
    ("{\"method\":\"svft\",\"pattern\":\"banded\",\"d\":1e9}", .invalidArgument),
    ("{\"method\":\"svft\",\"pattern\":\"banded\",\"count\":5}", .invalidArgument),
    ("{\"method\":\"svft\",\"duplicates\":true}", .invalidArgument),
    ("{\"method\":\"svft\",\"rank\":0}", .invalidArgument),
    ("{\"method\":\"svft\",\"residual\":false}", .invalidArgument),
    ("{\"method\":\"svft\",\"rank\":4,\"authors\":true,\"pattern\":\"topk\"}", .invalidArgument),
    ("{\"method\":\"svft\",\"rank\":4,\"residual\":false,\"form\":\"additive\"}", .invalidArgument),
    ("{\"method\":\"svft\",\"rank\":4,\"residual\":false,\"factors\":\"bf16\"}", .invalidArgument),
    ("{\"method\":\"svft\",\"factors\":\"q4_0\"}", .unsupported),
    ("{\"method\":\"svft\",\"pattern\":\"topk\",\"score\":\"alignment\"}", .shape),
    ("{\"method\":\"lora\",\"r\":0}", .invalidArgument),
    ("{\"method\":\"lora\",\"r\":\"8\"}", .invalidArgument),
    ("{\"method\":\"lora\",\"dropout\":1}", .invalidArgument),
    ("{\"method\":\"lora\",\"rank_pattern\":{\"q_proj\":0}}", .invalidArgument),
    ("{\"method\":\"lora\",\"bias\":\"some\"}", .invalidArgument),
    ("{\"method\":\"lora\",\"targets\":[\"v_proj\"]}", .mismatch),
    ("{\"method\":\"full\",\"targets\":\"nothing\"}", .mismatch),
    ("{\"method\":\"dora\"}", .unsupported),
    ("[]", .invalidArgument),
  ])
  func badOptionsThrow(text: String, kind: SVFTError.Kind) throws {
    let model = try TinyChain()
    do {
      _ = try model.method(try JSON.parse(text))
      Issue.record("\(text) was accepted")
    } catch let error as SVFTError { #expect(error.kind == kind, "\(error.message)") }
  }
}
