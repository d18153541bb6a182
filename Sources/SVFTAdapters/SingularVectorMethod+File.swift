// SVFT in a file, under peft_type "SVFT":
//
//   <module>.svft_M         [cells]  the trained coefficients, row-major over the pattern
//   <module>.svft_idx       [cells]  their cells i·n + j, where the pattern does not say them
//   <module>.svft_gate      [1]      the gate, where there is one
//   <module>.svft_probe, svft_clusters   what fixes the singular vectors (FactorProbe)
//
// adapter_config.json holds svft_pattern, svft_d, svft_rank, …, svft_svd (how the vectors were
// computed) and per module in svft_bases the hash of the base tensor with four figures of its
// spectrum.
package import SVFTFormats
import SVFTLayers
package import SVFTTensor

extension SingularVectorMethod {
  /// Rises when the meaning of the tensors changes.
  private static let fileVersion = 1

  package static var baseFigures: [String] { ["svft_svd", "svft_bases"] }

  package var configuration: JSON.Object {
    var object = JSON.Object()
    object["svft_version"] = .integer(Self.fileVersion)
    object["svft_pattern"] = .string(settings.pattern.rawValue)
    object["svft_d"] = .integer(settings.halfBandwidth)
    object["svft_count"] = settings.count.map { .integer($0) } ?? .null
    object["svft_rank"] = settings.rank.map { .integer($0) } ?? .null
    object["svft_iterations"] = settings.iterations.map { .integer($0) } ?? .null
    object["svft_residual"] = .bool(settings.keepsResidual)
    object["svft_gate"] = .bool(settings.hasGate)
    object["svft_duplicates"] = .bool(settings.keepsRepeats)
    object["svft_form"] = .string(settings.formWord)
    object["svft_factors"] = settings.factorFormat.map { .string($0.name.lowercased()) } ?? .null
    object["svft_score"] = .string(settings.score.rawValue)
    object["svft_seed"] = .integer(Int(bitPattern: UInt(settings.seed)))
    object["svft_svd"] = [
      "method": .string(sites.first?.vectors.values.method ?? ""), "version": 1,
      "sign": "largest entry of v positive",
    ]
    var bases = JSON.Object()
    for site in sites {
      bases[site.projection.name] = [
        "sha256": .string(site.vectors.values.hash),
        "sigma": .array(site.vectors.values.fingerprint.map { .number($0) }),
      ]
    }
    object["svft_bases"] = .object(bases)
    return object
  }

  package static func options(_ file: AdapterContents) throws(SVFTError) -> JSON.Object {
    let config = file.configuration
    let version = try config.int("svft_version", default: fileVersion)
    guard version == fileVersion else {
      throw SVFTError(
        .unsupported,
        "\(file.path): expected version \(fileVersion) of SVFT adapters, found \(version)")
    }
    var options = JSON.Object()
    options["targets"] = .array(file.modules(["svft_M"]).map { .string($0) })
    for key in [
      "pattern", "d", "count", "rank", "iterations", "residual", "gate", "duplicates", "form",
      "factors",
      "score", "seed",
    ] {
      if config.has("svft_\(key)") { options[key] = config["svft_\(key)"] }
    }
    return options
  }

  package func state() throws(SVFTError) -> [NamedTensor] {
    guard waiting.isEmpty else {
      throw SVFTError(.state, "the cells of top-k are chosen when training starts; train first")
    }
    var tensors: [NamedTensor] = []
    for site in sites { tensors += try site.state(isDerived: isDerived(site)) }
    return tensors
  }

  /// Whether the pattern of a site follows from the options and the shape alone.
  private func isDerived(_ site: SingularSite) -> Bool {
    guard settings.pattern == .plain || settings.pattern == .banded else { return false }
    return site.matrix.count
      == SparsityPattern.bandedCount(
        order: site.vectors.order, halfBandwidth: settings.halfBandwidth)
  }

  package func load(_ file: AdapterContents) throws(SVFTError) {
    let bases = try file.configuration.object("svft_bases")
    var found: [SingularSite.Saved] = []
    for site in sites {
      found.append(
        try during("\(file.path): \(site.projection.name)") { () throws(SVFTError) in
          try site.read(file, bases, settings, store)
        })
    }
    for (site, saved) in zip(sites, found) { try site.take(saved) }
    waiting = []
    _ = expect(.inference)
  }
}

extension SingularSite {
  /// What a file says about a site, checked.
  struct Saved {
    let pattern: SparsityPattern
    let values: NamedTensor
    let gate: NamedTensor?
    let vectors: SingularVectors
  }

  private var name: String { projection.name }

  func state(isDerived: Bool) throws(SVFTError) -> [NamedTensor] {
    var tensors = [try NamedTensor(matrix.name, shape: matrix.shape, type: "F32", matrix.values)]
    if let coefficients, !isDerived {
      tensors.append(
        NamedTensor(
          "\(name).svft_idx", shape: matrix.shape, type: "I64",
          bytes: try coefficients.pattern.indices()))
    }
    if let gate {
      tensors.append(try NamedTensor(gate.name, shape: [1], type: "F32", gate.values))
    }
    let products = try probe()
    tensors.append(
      NamedTensor(
        "\(name).svft_probe", shape: [2, vectors.order], type: "F32", bytes: products.all))
    if let clusters = products.clusters {
      let width = 2 * FactorProbe.clusterProbes
      tensors.append(
        NamedTensor(
          "\(name).svft_clusters", shape: [clusters.byteCount / 4 / width, width], type: "F32",
          bytes: clusters))
    }
    return tensors
  }

  /// What recognises its singular vectors.
  private func probe() throws(SVFTError) -> FactorProbe.Products {
    switch vectors {
    case .both(let factors): try FactorProbe(factors, of: projection.weight).everything()
    case .one(let factors): factors.probe
    }
  }

  /// Reads and checks this site's part of a file; changes nothing.
  func read(
    _ file: AdapterContents, _ bases: JSON.Object, _ settings: SingularVectorMethod.Settings,
    _ store: FactorStore
  ) throws(SVFTError) -> Saved {
    try checkBase(bases)
    let values = try file.take(matrix.name)
    _ = try values.floats()
    let pattern = try pattern(file, count: values.shape, settings)
    guard values.shape == [pattern.count] else {
      throw SVFTError(
        .shape, "svft_M: expected [\(pattern.count)], the file has \(values.shape)")
    }
    let gate = try gate.map { (gate) throws(SVFTError) in
      let tensor = try file.take(gate.name, shape: [1])
      _ = try tensor.floats()
      return tensor
    }
    let saved = try file.take("\(name).svft_probe", shape: [2, vectors.order]).floats()
    var clusters: UnsafeMutableBufferPointer<Float>?
    if file.has("\(name).svft_clusters") {
      clusters = try file.take("\(name).svft_clusters").floats()
    }
    return Saved(
      pattern: pattern, values: values, gate: gate,
      vectors: try aligned(to: saved, clusters: clusters, settings, store))
  }

  /// The vectors whose products a file has, or what to do where they are not found again.
  private func aligned(
    to saved: UnsafeMutableBufferPointer<Float>,
    clusters: UnsafeMutableBufferPointer<Float>?, _ settings: SingularVectorMethod.Settings,
    _ store: FactorStore
  ) throws(SVFTError) -> SingularVectors {
    do {
      return try turned(to: saved, clusters: clusters, settings, store)
    } catch {
      guard error.kind == .mismatch, settings.truncation != nil else { throw error }
      // Directions that iterations have not told apart yet follow the rounding of the processor.
      throw SVFTError(
        .mismatch,
        error.message + "; randomised factors are the same on other processors only after more "
          + "iterations: train with a higher \"iterations\", or with exact factors, without it")
    }
  }

  /// The vectors whose products a file has. One factor cannot be turned without the other: where it
  /// is not the one meant, both are looked up again.
  private func turned(
    to saved: UnsafeMutableBufferPointer<Float>,
    clusters: UnsafeMutableBufferPointer<Float>?, _ settings: SingularVectorMethod.Settings,
    _ store: FactorStore
  ) throws(SVFTError) -> SingularVectors {
    let slot = projection.weight
    switch vectors {
    case .both(let factors):
      return .both(
        try FactorProbe(factors, of: slot).aligned(
          to: saved, clusters: clusters, ignoring: tied))
    case .one(let factors):
      if FactorProbe.difference(factors.probe.all, saved, ignoring: tied) == nil { return vectors }
      let both = try store.passing(slot, settings.truncation).truncated(settings.rank ?? .max)
      let aligned = try FactorProbe(both, of: slot).aligned(
        to: saved, clusters: clusters, ignoring: tied)
      return .one(try OneSidedFactors(aligned, of: slot, as: factors.format))
    }
  }

  private func pattern(
    _ file: AdapterContents, count: [Int], _ settings: SingularVectorMethod.Settings
  ) throws(SVFTError) -> SparsityPattern {
    guard file.has("\(name).svft_idx") else {
      guard let own = coefficients?.pattern,
        settings.pattern == .plain || settings.pattern == .banded
      else {
        throw SVFTError(.format, "svft_idx: expected the cells of a pattern, found no such tensor")
      }
      return own
    }
    let indices = try file.take("\(name).svft_idx", shape: count).integers()
    return try .list(order: vectors.order, indices, repeats: settings.keepsRepeats)
  }

  private func checkBase(_ bases: JSON.Object) throws(SVFTError) {
    let base = try bases.object(name)
    let hash = try base.string("sha256")
    guard hash == vectors.values.hash else {
      throw SVFTError(
        .mismatch,
        "the adapter was trained on another tensor: expected base \(hash.prefix(12))…, this model "
          + "has \(vectors.values.hash.prefix(12))…")
    }
    let sigma = try base.doubles("sigma")
    let own = vectors.values.fingerprint
    guard sigma.count == own.count,
      zip(sigma, own).allSatisfy({ abs($0 - $1) <= 1e-5 * max(own[0], 1e-30) })
    else {
      throw SVFTError(.mismatch, "expected singular values like \(sigma), found \(own)")
    }
  }

  /// Takes what `read` gave.
  func take(_ saved: Saved) throws(SVFTError) {
    take(saved.vectors)
    try adopt(saved.pattern)
    _ = matrix.values.update(fromContentsOf: try saved.values.floats())
    if let gate, let value = try saved.gate?.floats() { gate.values[0] = value[0] }
  }
}
