// Writing a synthetic model: config.json and model.safetensors in a folder, or one GGUF file with
// llama.cpp's names, its interleaved rotary rows and the metadata of the geometry. The tables here
// are written from the format's description, not from the library's, so that tests compare two
// accounts of it.
import SVFTFormats
package import SVFTTensor

extension TinyModel {
  /// Writes config.json and model.safetensors (F32) into `folder`, which is made if need be.
  package func write(folder: String) throws(SVFTError) {
    try FileSystem.makeFolder(folder)
    try AtomicFile.write(
      FileSystem.join(folder, "config.json"), text: JSON.object(config).text(.pretty))
    var outgoing: [OutgoingTensor] = []
    for tensor in tensors {
      outgoing.append(
        OutgoingTensor(
          tensor.name, tensor.shape, try StoredType.named("F32"),
          bytes: try Self.buffer(tensor.values)))
    }
    try SafetensorsWriter.write(
      FileSystem.join(folder, "model.safetensors"), outgoing, metadata: [("format", "pt")])
  }

  /// Writes a GGUF file: matrices in `format` (F16 where rows are no whole blocks), vectors in F32.
  package func write(gguf path: String, format: any ElementFormat = ElementFormats.f32)
    throws(SVFTError)
  {
    var outgoing: [OutgoingTensor] = []
    for tensor in tensors {
      guard let name = Self.ggufName(tensor.name) else { continue }
      let values = try interleaved(tensor)
      let columns = tensor.shape.last ?? 1
      var type: any ElementFormat = ElementFormats.f32
      if tensor.shape.count > 1 {
        type = format.fits(columns: columns) ? format : ElementFormats.f16
      }
      let plain = try Self.buffer(values)
      let bytes = try Buffer(
        byteCount: type.rowBytes(columns) * (values.count / max(1, columns)))
      withExtendedLifetime((plain, bytes)) {
        guard type.canEncode else {
          // What is read alone has numbers of its own.
          var numbers = TestNumbers(seed: outgoing.count)
          let sample = type.sample(values.count, &numbers)
          return bytes.pointer.copyMemory(from: sample, byteCount: sample.count)
        }
        type.encode(
          plain.pointer.assumingMemoryBound(to: Float.self), count: values.count,
          into: bytes.pointer)
      }
      outgoing.append(
        OutgoingTensor(name, tensor.shape, try StoredType.named(type.name), bytes: bytes))
    }
    try GGUFWriter.write(path, outgoing, metadata: metadata())
  }

  private static func buffer(_ values: [Float]) throws(SVFTError) -> Buffer {
    let buffer = try Buffer(of: Float.self, count: values.count)
    _ = buffer.values(Float.self).update(from: values)
    return buffer
  }

  private func metadata() throws(SVFTError) -> [(key: String, value: GGUFValue)] {
    let family = try config.string("model_type")
    var list: [(key: String, value: GGUFValue)] = [("general.architecture", .string(family))]
    let integers: [(String, String)] = [
      ("block_count", "num_hidden_layers"), ("context_length", "max_position_embeddings"),
      ("embedding_length", "hidden_size"), ("feed_forward_length", "intermediate_size"),
      ("attention.head_count", "num_attention_heads"),
      ("attention.head_count_kv", "num_key_value_heads"),
    ]
    for (key, name) in integers where config.has(name) {
      list.append(("\(family).\(key)", try .uint32(config.int(name))))
    }
    let numbers: [(String, String)] = [
      ("attention.layer_norm_rms_epsilon", "rms_norm_eps"),
      ("attention.layer_norm_epsilon", "layer_norm_eps"), ("rope.freq_base", "rope_theta"),
    ]
    for (key, name) in numbers where config.has(name) {
      list.append(("\(family).\(key)", .float32(Float(try config.double(name)))))
    }
    return list
  }

  /// Rows of query and key projections (biases too) with the halves of each head interleaved.
  private func interleaved(_ tensor: Tensor) throws(SVFTError) -> [Float] {
    let isRotated = tensor.name.contains("q_proj") || tensor.name.contains("k_proj")
    guard isRotated else { return tensor.values }
    let width = try config.int("hidden_size") / config.int("num_attention_heads")
    let rows = tensor.shape[0]
    let columns = tensor.values.count / rows
    var result: [Float] = []
    for row in 0..<rows {
      let within = row % width
      let source = row - within + within / 2 + (within % 2) * (width / 2)
      result += tensor.values[source * columns..<(source + 1) * columns]
    }
    return result
  }

  private static func ggufName(_ name: String) -> String? {
    var name = name
    for prefix in ["model.", "bert."] where name.hasPrefix(prefix) {
      name.removeFirst(prefix.count)
    }
    let whole: [(String, String)] = [
      ("embed_tokens", "token_embd"), ("norm", "output_norm"), ("lm_head", "output"),
      ("embeddings.word_embeddings", "token_embd"),
      ("embeddings.position_embeddings", "position_embd"),
      ("embeddings.token_type_embeddings", "token_types"),
      ("embeddings.LayerNorm", "token_embd_norm"), ("pooler.dense", "cls"),
      ("classifier", "cls.output"), ("score", "cls.output"),
    ]
    let parts: [(String, String)] = [
      ("input_layernorm", "attn_norm"), ("self_attn.q_proj", "attn_q"),
      ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"),
      ("self_attn.o_proj", "attn_output"), ("post_attention_layernorm", "ffn_norm"),
      ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"), ("mlp.down_proj", "ffn_down"),
      ("attention.self.query", "attn_q"), ("attention.self.key", "attn_k"),
      ("attention.self.value", "attn_v"), ("attention.output.dense", "attn_output"),
      ("attention.output.LayerNorm", "attn_output_norm"), ("intermediate.dense", "ffn_up"),
      ("output.dense", "ffn_down"), ("output.LayerNorm", "layer_output_norm"),
    ]
    for suffix in [".weight", ".bias"] where name.hasSuffix(suffix) {
      let module = String(name.dropLast(suffix.count))
      if let found = whole.first(where: { $0.0 == module }) { return found.1 + suffix }
      guard let layer = module.firstMatch(of: /^(?:encoder\.layer|layers)\.(\d+)\.(.*)$/),
        let found = parts.first(where: { $0.0 == layer.2 })
      else { return nil }
      return "blk.\(layer.1).\(found.1)\(suffix)"
    }
    return nil
  }
}
