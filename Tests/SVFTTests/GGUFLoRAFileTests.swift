// LoRA in GGUF files: alpha over rank, rows of the file, a leading one that ggml drops, and what is
// broken.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct GGUFLoRAFileTests {
  private static let ids: [Int32] = [1, 20, 30, 40, 50]

  private struct Tensor {
    var name: String
    var shape: [Int]
    var value: Float = 0.125
  }

  private static let pair = [
    Tensor(name: "blk.0.attn_v.weight.lora_a", shape: [2, 32]),
    Tensor(name: "blk.0.attn_v.weight.lora_b", shape: [16, 2]),
  ]

  private func write(
    _ path: String, _ tensors: [Tensor] = pair, alpha: Float = 4,
    _ change: (inout [(key: String, value: GGUFValue)]) -> Void = { _ in }
  ) throws {
    var metadata: [(key: String, value: GGUFValue)] = [
      ("general.architecture", .string("llama")), ("general.type", .string("adapter")),
      ("adapter.type", .string("lora")), ("adapter.lora.alpha", .float32(alpha)),
    ]
    change(&metadata)
    let outgoing = try tensors.map { tensor in
      let count = tensor.shape.reduce(1, *)
      let bytes = try Buffer(of: Float.self, count: count)
      for index in 0..<count { bytes.values(Float.self)[index] = tensor.value }
      return OutgoingTensor(tensor.name, tensor.shape, try .named("F32"), bytes: bytes)
    }
    try GGUFWriter.write(path, outgoing, metadata: metadata)
  }

  private func energy(_ tiny: TinyVerbs, _ path: String) throws -> Double {
    let (_, text) = try tiny.model().importAdapter(from: path, options: #"{"method":"lora"}"#)
    return try JSON.parse(text).root("report").double("energy")
  }

  @Test func alphaOverRankIsTheScale() throws {
    let tiny = try TinyVerbs()
    let path = tiny.folder.file("x.gguf")
    // Each of 512 numbers is 2/64·(α/2).
    for (alpha, scale) in [(4, 2.0), (2, 1), (0, 1), (-1, -0.5)] as [(Float, Double)] {
      try write(path, alpha: alpha)
      let expected = 512 * (2.0 / 64 * scale) * (2.0 / 64 * scale)
      #expect(abs(try energy(tiny, path) - expected) < 1e-5 * expected)
    }
  }

  /// llama.cpp takes one that is missing for 0.
  @Test func aMissingAlphaIsNoScale() throws {
    let tiny = try TinyVerbs()
    let path = tiny.folder.file("x.gguf")
    try write(path) { $0.removeLast() }
    #expect(abs(try energy(tiny, path) - 512.0 / 1024) < 1e-6)
  }

  @Test func aRankOfOneMayLackItsDimension() throws {
    let tiny = try TinyVerbs()
    let path = tiny.folder.file("x.gguf")
    var tensors = Self.pair
    (tensors[0].shape, tensors[1].shape) = ([32], [16, 1])
    try write(path, tensors, alpha: 1)
    #expect(abs(try energy(tiny, path) - 512.0 / 4096) < 1e-6)
  }

  @Test(arguments: [false, true]) func rowsOfRotatedMatricesComeBack(_ ontoGGUF: Bool) throws {
    let tiny = try TinyVerbs()
    let adapter = try tiny.model().createAdapter(
      #"{"method":"lora","r":2,"alpha":3,"targets":["q_proj","k_proj"]}"#)
    try trainBriefly(adapter, try tiny.data())
    let expected = try adapter.model.logits(Self.ids)
    _ = try adapter.export(to: tiny.folder.file("x.gguf"), options: #"{"to":"gguf-lora"}"#)
    _ = try tiny.model().save(to: tiny.folder.file("base.gguf"))
    let model = try ontoGGUF ? Model(path: tiny.folder.file("base.gguf")) : tiny.model()
    _ = try model.importAdapter(
      from: tiny.folder.file("x.gguf"), options: #"{"method":"lora","r":2}"#)
    #expect(relativeDistance(expected, try model.logits(Self.ids)) < 1e-5)
  }

  @Test func whatIsBrokenOrAnothersIsRefused() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let path = tiny.folder.file("x.gguf")
    var cases: [([Tensor], String?, String?, SVFTError.Kind, String)] = [
      ([Self.pair[0]], nil, nil, .format, "lora_b"),
      ([Self.pair[1]], nil, nil, .format, "pairs"),
      (Self.pair, "bert", nil, .mismatch, "bert"),
      (Self.pair, nil, "ia3", .unsupported, "ia3"),
    ]
    for (index, shape) in [(0, [2, 31]), (1, [15, 2]), (1, [16, 3]), (0, [2, 2, 16])] {
      var tensors = Self.pair
      tensors[index].shape = shape
      cases.append((tensors, nil, nil, .shape, "attn_v"))
    }
    for name in ["blk.9.attn_v.weight", "token_embd.weight", "x"] {
      cases.append(
        (
          [
            Tensor(name: name + ".lora_a", shape: [2, 32]),
            Tensor(name: name + ".lora_b", shape: [16, 2]),
          ], nil, nil, .mismatch, name
        ))
    }
    var infinite = Self.pair
    infinite[1].value = .infinity
    cases.append((infinite, nil, nil, .nonFinite, "lora_b"))
    for (tensors, family, type, kind, words) in cases {
      try write(path, tensors) { metadata in
        if let family { metadata[0].value = .string(family) }
        if let type { metadata[2].value = .string(type) }
      }
      let failure = #expect(throws: SVFTError.self) {
        try model.importAdapter(from: path, options: #"{"method":"lora"}"#)
      }
      #expect(failure?.kind == kind, "\(failure?.message ?? "")")
      #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
    }
    #expect(try model.attachedAdapters.isEmpty)
  }
}
