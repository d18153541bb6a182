// Names of other tools find our tensors: PEFT's prefix, no prefix, names of GGUF files.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct ModelTensorsTests {
  @Test(arguments: [
    "model.layers.0.self_attn.v_proj.weight",
    "base_model.model.model.layers.0.self_attn.v_proj.weight",
    "layers.0.self_attn.v_proj.weight", "blk.0.attn_v.weight",
  ]) func spellingsMeanOneTensor(_ name: String) throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let path = tiny.folder.file("delta.safetensors")
    try writeDelta(path, [(name, [16, 32], (0..<512).map { Float($0 % 7) - 3 })])
    let (_, text) = try model.importAdapter(from: path, options: #"{"method":"lora","r":16}"#)
    let report = try JSON.parse(text).root("report")
    #expect(try report.object("modules").keys == ["model.layers.0.self_attn.v_proj.weight"])
    #expect(try report.double("captured") > 1 - 1e-5)
  }
}

/// Writes F32 tensors.
func writeDelta(
  _ path: String, _ tensors: [(name: String, shape: [Int], values: [Float])],
  metadata: [(key: String, value: String)] = []
) throws {
  let outgoing = try tensors.map { tensor in
    let bytes = try Buffer(of: Float.self, count: tensor.values.count)
    _ = bytes.values(Float.self).update(from: tensor.values)
    return OutgoingTensor(tensor.name, tensor.shape, try .named("F32"), bytes: bytes)
  }
  try SafetensorsWriter.write(path, outgoing, metadata: metadata)
}
