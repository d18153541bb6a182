// What tests of rounding share: a quantised chain, a method on it, and the chain as it was before.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import Testing

/// A chain in some format with a method that is to be trained for it.
struct RoundingBench {
  let model: TinyChain
  let method: any AdapterMethod
  /// The chain in F32, its rows in another order.
  let latents: Latents

  /// The slots of a chain in full precision.
  final class Latents: LatentSource {
    let slots: [Slot]

    init(_ model: TinyChain) { slots = model.sites.slots }

    func slot(_ name: String) throws(SVFTError) -> Slot {
      guard let slot = slots.first(where: { $0.name == name }) else {
        throw SVFTError(.mismatch, name)
      }
      return slot
    }
  }

  init(
    _ format: any ElementFormat, _ options: JSON, interleaved: Bool = true, seed: UInt64 = 1
  ) throws {
    model = try TinyChain(format, interleaved: interleaved, seed: seed)
    method = try model.method(options)
    latents = Latents(try TinyChain(interleaved: !interleaved, seed: seed))
  }

  /// What options with these words ask for.
  static func awareness(
    _ latents: String, _ scales: String = "frozen", seed: Int = 5
  ) throws -> QuantizationAwareness {
    let options: JSON = [
      "method": "lora", "quantization_aware": .string(scales), "latents": .string(latents),
      "seed": .integer(seed),
    ]
    return try #require(try QuantizationAwareness(AdapterOptions(options)))
  }

  func rounded(
    _ awareness: QuantizationAwareness, scale: Float = 1, threads: Int = 2,
    learned: LearnedScales? = nil
  ) throws -> RoundedModules {
    try RoundedModules(
      method, scale: scale, awareness, threads: threads,
      stored: awareness.latents == .dither ? nil : latents, learned: learned)
  }

  /// Projections that have a rounded matrix, with it.
  func pairs(_ rounded: RoundedModules) -> [(projection: Projection, weight: Weight)] {
    method.projections.compactMap { projection in
      rounded.matrix(projection).map { (projection, $0.weight) }
    }
  }
}

extension Weight {
  /// The bytes of all rows as files have them.
  func fileBytes() throws -> [UInt8] {
    var all: [UInt8] = []
    try eachStoredPiece { (piece) throws(SVFTError) in all += Array(piece) }
    return all
  }
}
