// Mixtures: which tensor gets which format, by part, layer and model, and what is in the place of
// rows that are no whole blocks.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite struct QuantizationTests {
  /// A model of `layers` with `group` heads to each key, and a head of its own or none.
  private func outline(layers: Int, group: Int = 1, hasHead: Bool = true) -> ModelOutline {
    let head = hasHead ? [(name: "output.weight", shape: [100, 256])] : []
    return ModelOutline(
      head
        + (0..<layers).flatMap { layer in
          [
            (name: "blk.\(layer).attn_q.weight", shape: [256 * group, 256]),
            (name: "blk.\(layer).attn_k.weight", shape: [256, 256]),
          ]
        })
  }

  private func format(
    _ mixture: String, _ tensor: String, _ model: ModelOutline, columns: Int = 256
  ) throws -> String {
    try Quantization.required(mixture).format(of: tensor, columns: columns, in: model)?.name
      ?? "as it lies"
  }

  @Test func theHeadOrTheEmbeddingItIsTiedToGetsSixBits() throws {
    for name in ["q2_k", "q3_k_m", "Q4_K_M", "q5_k_s", "q6_k", "iq4_xs"] {
      #expect(try format(name, "output.weight", outline(layers: 2)) == "Q6_K")
      let isTied = try format(name, "token_embd.weight", outline(layers: 2, hasHead: false))
      #expect(isTied == "Q6_K")
    }
    #expect(try format("q4_k_m", "token_embd.weight", outline(layers: 2)) == "Q4_K")
    #expect(try format("q4_0", "output.weight", outline(layers: 2)) == "Q4_0")
  }

  /// Of 32 layers: the first four, the last four, and every third between.
  @Test(arguments: ["attn_v", "ffn_down"])
  func someLayersKeepMoreBits(_ part: String) throws {
    let model = outline(layers: 32)
    let kept = try (0..<32).filter {
      try format("q4_k_m", "blk.\($0).\(part).weight", model) == "Q6_K"
    }
    #expect(kept == [0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31])
    let others = try (0..<32).filter {
      try format("q5_k_m", "blk.\($0).\(part).weight", model) == "Q5_K"
    }
    #expect(others == (0..<32).filter { !kept.contains($0) })
  }

  @Test func firstLayersAreShortListsAndShares() throws {
    let model = outline(layers: 32)
    func layers(_ mixture: String, _ part: String, _ wanted: String) throws -> [Int] {
      try (0..<32).filter {
        try format(mixture, "blk.\($0).\(part).weight", model) == wanted
      }
    }
    #expect(try layers("q4_k_s", "attn_v", "Q5_K") == [0, 1, 2, 3])
    #expect(try layers("q4_k_s", "ffn_down", "Q5_K") == [0, 1, 2, 3])
    #expect(try layers("q3_k_m", "attn_v", "Q5_K") == [0, 1])
    #expect(try layers("q3_k_m", "ffn_down", "Q5_K") == [0, 1])
    #expect(try layers("q3_k_m", "attn_output", "Q4_K").count == 32)
    #expect(try layers("q3_k_s", "ffn_down", "Q3_K").count == 32)
  }

  @Test func sharedKeysAreWorthMoreBits() throws {
    let (alone, shared) = (outline(layers: 2), outline(layers: 2, group: 4))
    #expect(try format("q2_k", "blk.1.attn_v.weight", alone) == "Q3_K")
    #expect(try format("q2_k", "blk.1.attn_v.weight", shared) == "Q4_K")
    #expect(try format("q2_k", "blk.1.attn_q.weight", shared) == "Q2_K")
    #expect(try format("iq4_xs", "blk.1.attn_v.weight", shared) == "Q5_K")
  }

  @Test func rowsOfPartialBlocksGetWhatIsInTheirPlace() throws {
    let model = outline(layers: 2)
    for (mixture, short, odd) in [
      ("q4_k_s", "Q5_0", "F16"), ("q5_k_s", "Q5_1", "F16"), ("q6_k", "Q8_0", "F16"),
      ("q2_k", "Q4_0", "F16"), ("iq4_xs", "IQ4_NL", "F16"), ("tq1_0", "Q4_0", "F16"),
    ] {
      #expect(try format(mixture, "blk.1.attn_q.weight", model, columns: 288) == short)
      #expect(try format(mixture, "blk.1.attn_q.weight", model, columns: 100) == odd)
    }
  }

  /// Names and ids as gguf-py has them (LlamaFileType).
  @Test(arguments: [
    ("f32", 0), ("f16", 1), ("q4_0", 2), ("q4_1", 3), ("q8_0", 7), ("q5_0", 8), ("q5_1", 9),
    ("q2_k", 10), ("q3_k_s", 11), ("q3_k_m", 12), ("q3_k_l", 13), ("q4_k_s", 14), ("q4_k_m", 15),
    ("q5_k_s", 16), ("q5_k_m", 17), ("q6_k", 18), ("iq4_nl", 25), ("iq4_xs", 30), ("bf16", 32),
    ("tq1_0", 36), ("tq2_0", 37), ("mxfp4", 38),
  ])
  func everyNameHasItsFileType(_ name: String, _ type: UInt32) throws {
    #expect(try Quantization.required(name).fileType == type)
    #expect(Quantization.names.contains(name))
  }

  @Test func otherNamesAreRefusedWithThoseThereAre() {
    for (name, words) in [("q9", "q4_k_m"), ("iq2_xxs", "which can be read but not written")] {
      let failure = #expect(throws: SVFTError.self) { try Quantization.required(name) }
      #expect(failure?.kind == .unsupported)
      #expect(failure?.message.contains(words) == true)
    }
  }

  @Test func aFormatThatGGUFFilesDoNotHaveIsForMatricesOfLayersAlone() throws {
    let model = outline(layers: 2)
    #expect(try format("nf4", "blk.1.ffn_up.weight", model) == "NF4")
    #expect(try format("NF4", "blk.1.ffn_up.weight", model, columns: 96) == "as it lies")
    for name in ["output.weight", "token_embd.weight", "position_embd.weight"] {
      #expect(try format("nf4", name, model) == "as it lies")
    }
    #expect(try Quantization.required("nf4").fileType == nil)
  }

  @Test func aMixtureIsMadeWhileLoading() throws {
    let folder = try TemporaryFolder()
    try TinyModel.llama().write(folder: folder.path)
    let model = try Checkpoint(folder.path).load(
      .init(quantization: Quantization.required("q4_k_m"), threads: 2))
    let formats = Dictionary(
      model.slots.map { ($0.name, $0.weight.format.name) }, uniquingKeysWith: { $1 })
    // Rows of 32 and 64 values: Q6_K becomes Q8_0, Q4_K Q5_0.
    #expect(formats["model.embed_tokens.weight"] == "Q8_0")
    #expect(formats["model.layers.0.self_attn.q_proj.weight"] == "Q5_0")
  }

  /// Read as they lie, or decoded while loading: one model.
  @Test(arguments: ElementFormats.all.filter { $0.blockLength > 1 && $0.ggufType != nil })
  func aFileOfEveryFormatComputesWhatItsNumbersSay(_ format: any ElementFormat) throws {
    let folder = try TemporaryFolder()
    let size = TinyModel.Size { ($0.hidden, $0.feedForward, $0.deviation) = (256, 512, 0.05) }
    try TinyModel.llama(size).write(gguf: folder.file("m.gguf"), format: format)
    let checkpoint = try Checkpoint(folder.file("m.gguf"))
    let lying = try checkpoint.load()
    let decoded = try checkpoint.load(.init(quantization: Quantization(ElementFormats.f32)))
    #expect(lying.unused == [])
    #expect(lying.slots.contains { $0.weight.format.name == format.name })
    let ids: [Int32] = [1, 5, 9, 2, 30]
    let found = try ModelProbe(lying, .languageModel, rows: 8)([ids])
    let expected = try ModelProbe(decoded, .languageModel, rows: 8)([ids])
    let largest = expected.joined().map(abs).max() ?? 0
    #expect(largest > 0)
    #expect(zip(found, expected).map { distance($0, $1) }.max() ?? .infinity < 2e-5 * largest)
  }
}
