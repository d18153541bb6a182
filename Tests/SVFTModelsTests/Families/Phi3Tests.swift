// Phi-3: fused matrices, LongRoPE by length, part of a head.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("Phi3")
struct Phi3Tests {
  @Test("Attention takes one matrix, the gate another")
  func fused() throws {
    let names = try FamilyVariant("phi3").load().projections.map(\.name).filter {
      $0.contains("layers.0.")
    }
    let ends = ["self_attn.qkv_proj", "self_attn.o_proj", "mlp.gate_up_proj", "mlp.down_proj"]
    #expect(names == ends.map { "model.layers.0." + $0 })
  }

  @Test("Texts beyond the original context take the long factors")
  func length() throws {
    let short = try FamilyVariant("phi3-long") {
      $0["original_max_position_embeddings"] = 16
      $0["rope_parameters"] = FamilyVariant.original($0["rope_parameters"], 16)
    }
    #expect(try short.distance() > 1e-3)
  }

  @Test("As many factors as pairs, or a clear refusal")
  func factors() throws {
    let variant = try FamilyVariant("phi3-long") {
      $0["rope_scaling"] = [
        "rope_type": "longrope", "short_factor": [1.0], "long_factor": [2.0],
      ]
    }
    #expect { try variant.load() } throws: {
      ($0 as? SVFTError)?.message.contains("4 factors of longrope, found 1") == true
    }
  }

  @Test("A GGUF file holds the factors as tensors")
  func tensors() throws {
    let architecture = try FamilyVariant("phi3-long").load().architecture
    #expect(
      architecture.ggufTensors.map(\.name) == [
        "rope_factors_long.weight", "rope_factors_short.weight",
      ])
    #expect(architecture.ggufTensors[0].values == [1.5, 2, 3, 5])
  }
}

extension FamilyVariant {
  /// A section of rotary parameters with another original context.
  static func original(_ section: JSON?, _ length: Int) -> JSON {
    guard case .object(var object) = section else { return .null }
    object["original_max_position_embeddings"] = .integer(length)
    return .object(object)
  }
}
