// What a T5 says of itself in config.json and in GGUF files, and how its modules are called in
// both. An encoder that stands alone is an architecture of its own in GGUF.
package import SVFTFormats
import SVFTLayers
package import SVFTTensor

extension T5 {
  package static let tensorNames: TensorNames = {
    var pairs = [
      ("shared", "token_embd"), ("lm_head", "output"),
      ("classification_head.dense", "cls"), ("classification_head.out_proj", "cls.output"),
    ]
    for (stack, short, last) in [("encoder", "enc", "1"), ("decoder", "dec", "2")] {
      let (layer, block) = ("\(stack).block.*.layer.", "\(short).blk.*.")
      var attentions = [("0.", "SelfAttention", "attn")]
      if stack == "decoder" { attentions.append(("1.", "EncDecAttention", "cross_attn")) }
      for (place, module, name) in attentions {
        pairs.append((layer + place + "layer_norm", block + name + "_norm"))
        for part in ["q", "k", "v", "o"] {
          pairs.append((layer + place + module + "." + part, block + name + "_" + part))
        }
        pairs.append(
          (layer + place + module + ".relative_attention_bias", block + name + "_rel_b"))
      }
      let forward = layer + last
      pairs += [
        (forward + ".layer_norm", block + "ffn_norm"),
        (forward + ".DenseReluDense.wi_0", block + "ffn_gate"),
        (forward + ".DenseReluDense.wi_1", block + "ffn_up"),
        (forward + ".DenseReluDense.wi", block + "ffn_up"),
        (forward + ".DenseReluDense.wo", block + "ffn_down"),
        ("\(stack).final_layer_norm", "\(short).output_norm"),
      ]
    }
    return TensorNames(prefix: "", wrapper: "transformer.", pairs)
  }()

  package var ggufAddends: [String] {
    slots.map(\.name).filter { $0.hasSuffix("relative_attention_bias.weight") }
  }

  package var name: String { decoder == nil ? "t5encoder" : "t5" }

  package var classifierName: String { className + "ForSequenceClassification" }

  /// What transformers calls its classes before "ForConditionalGeneration" …
  private var className: String {
    ["t5": "T5", "mt5": "MT5", "umt5": "UMT5"][settings.kind] ?? "T5"
  }

  package func config() throws(SVFTError) -> JSON.Object {
    let s = settings
    let kind = decoder == nil ? "EncoderModel" : "ForConditionalGeneration"
    return JSON.Object([
      ("architectures", [.string(className + kind)]), ("model_type", .string(s.kind)),
      ("classifier_dropout", .number(s.headDropout)), ("d_ff", .integer(s.feedForward)),
      ("d_kv", .integer(s.headWidth)), ("d_model", .integer(s.hidden)),
      ("decoder_start_token_id", .integer(s.startToken)), ("dropout_rate", .number(s.dropout)),
      ("eos_token_id", 1), ("feed_forward_proj", .string(s.feedForwardName)),
      ("initializer_factor", 1.0), ("is_encoder_decoder", .bool(decoder != nil)),
      ("layer_norm_epsilon", .number(s.epsilon)), ("n_positions", .integer(s.context)),
      ("num_decoder_layers", .integer(s.decoderLayers)), ("num_heads", .integer(s.heads)),
      ("num_layers", .integer(s.encoderLayers)), ("pad_token_id", .integer(s.startToken)),
      ("relative_attention_max_distance", .integer(s.farthest)),
      ("relative_attention_num_buckets", .integer(s.buckets)),
      ("tie_word_embeddings", .bool(s.scalesLogits)), ("use_cache", true),
      ("vocab_size", .integer(s.vocabulary)),
    ])
  }

  package func metadata() throws(SVFTError) -> [(key: String, value: GGUFValue)] {
    let (s, id) = (settings, name)
    guard s.farthest == 128 else {
      throw SVFTError(
        .unsupported,
        "relative_attention_max_distance: a GGUF file cannot say \(s.farthest), and readers would "
          + "take 128; save a folder instead")
    }
    try s.activation.requireInGGUF(s.isGated ? .geluTanh : .relu)
    guard decoder == nil || s.scalesLogits != s.isGated else {
      throw SVFTError(
        .unsupported,
        "tie_word_embeddings: a GGUF file cannot say \(s.scalesLogits) where the block is "
          + "\(s.feedForwardName), and readers would scale logits otherwise; save a folder instead")
    }
    return try [
      ("general.architecture", .string(id)),
      ("\(id).context_length", .uint32(s.context)),
      ("\(id).embedding_length", .uint32(s.hidden)),
      ("\(id).feed_forward_length", .uint32(s.feedForward)),
      ("\(id).block_count", .uint32(s.encoderLayers)),
      ("\(id).decoder_block_count", .uint32(s.decoderLayers)),
      ("\(id).attention.head_count", .uint32(s.heads)),
      ("\(id).attention.key_length", .uint32(s.headWidth)),
      ("\(id).attention.value_length", .uint32(s.headWidth)),
      ("\(id).attention.layer_norm_epsilon", .float32(Float(s.epsilon))),
      ("\(id).attention.layer_norm_rms_epsilon", .float32(Float(s.epsilon))),
      ("\(id).attention.relative_buckets_count", .uint32(s.buckets)),
      ("\(id).decoder_start_token_id", .uint32(s.startToken)),
      ("\(id).vocab_size", .uint32(s.vocabulary)),
    ]
  }
}
