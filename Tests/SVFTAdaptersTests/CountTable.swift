// Numbers of trained parameters that the SVFT paper (arXiv 2405.19597, tables and poster) reports,
// as exact integers from the models' shapes alone. Rows that no subset of modules reproduces are
// left out.

/// One model's linear modules: name → [out, in], and how many layers have them.
struct Shapes: Sendable {
  let layers: Int
  let modules: [String: [Int]]

  static let gemma2B = Shapes(
    layers: 18,
    modules: [
      "q": [2048, 2048], "k": [256, 2048], "v": [256, 2048], "o": [2048, 2048],
      "g": [16384, 2048], "u": [16384, 2048], "d": [2048, 16384],
    ])
  static let gemma7B = Shapes(
    layers: 28,
    modules: [
      "q": [4096, 3072], "k": [4096, 3072], "v": [4096, 3072], "o": [3072, 4096],
      "g": [24576, 3072], "u": [24576, 3072], "d": [3072, 24576],
    ])
  static let llama3 = Shapes(
    layers: 32,
    modules: [
      "q": [4096, 4096], "k": [1024, 4096], "v": [1024, 4096], "o": [4096, 4096],
      "g": [14336, 4096], "u": [14336, 4096], "d": [4096, 14336],
    ])
  static let vitBase = encoder(layers: 12, width: 768, inner: 3072)
  static let vitLarge = encoder(layers: 24, width: 1024, inner: 4096)
  static let pythia = Shapes(
    layers: 32,
    modules: ["qkv": [7680, 2560], "o": [2560, 2560], "u": [10240, 2560], "d": [2560, 10240]])

  private static func encoder(layers: Int, width: Int, inner: Int) -> Shapes {
    let square = [width, width]
    return Shapes(
      layers: layers,
      modules: [
        "q": square, "k": square, "v": square, "o": square, "u": [inner, width],
        "d": [width, inner],
      ])
  }
}

/// One reported number.
struct CountRow: Sendable {
  let claim: String
  let shapes: Shapes
  let targets: [String]
  let d: Int
  var rank: Int?
  var gate = false
  let count: Int

  static let all = ["q", "k", "v", "o", "g", "u", "d"]
  static let six = ["q", "k", "v", "o", "u", "d"]
  static let five = ["q", "k", "v", "u", "d"]
  static let four = ["u", "d", "o", "g"]

  static let table: [CountRow] = [
    CountRow(claim: "Gemma-2B P", shapes: .gemma2B, targets: all, d: 0, count: 193_536),
    CountRow(
      claim: "Gemma-2B P, gates", shapes: .gemma2B, targets: all, d: 0, gate: true, count: 193_662),
    CountRow(claim: "Gemma-2B d=8", shapes: .gemma2B, targets: all, d: 8, count: 3_281_040),
    CountRow(claim: "Gemma-2B d=16", shapes: .gemma2B, targets: all, d: 16, count: 6_352_416),
    CountRow(claim: "Gemma-7B P", shapes: .gemma7B, targets: five, d: 0, count: 430_080),
    CountRow(claim: "Gemma-7B P, six", shapes: .gemma7B, targets: six, d: 0, count: 516_096),
    CountRow(claim: "Gemma-7B d=16", shapes: .gemma7B, targets: all, d: 16, count: 19_816_384),
    CountRow(claim: "LLaMA-3 d=12", shapes: .llama3, targets: four, d: 12, count: 13_087_232),
    CountRow(claim: "LLaMA-3 d=16", shapes: .llama3, targets: four, d: 16, count: 17_266_688),
    CountRow(claim: "ViT-B P", shapes: .vitBase, targets: ["q", "v"], d: 0, count: 18_432),
    CountRow(
      claim: "ViT-B P, gates", shapes: .vitBase, targets: ["q", "v"], d: 0, gate: true,
      count: 18_456),
    CountRow(claim: "ViT-B d=2", shapes: .vitBase, targets: six, d: 2, count: 276_048),
    CountRow(claim: "ViT-B d=4", shapes: .vitBase, targets: six, d: 4, count: 496_224),
    CountRow(claim: "ViT-B d=8", shapes: .vitBase, targets: six, d: 8, count: 934_848),
    CountRow(claim: "ViT-L P", shapes: .vitLarge, targets: ["q", "v"], d: 0, count: 49_152),
    CountRow(claim: "ViT-L d=2", shapes: .vitLarge, targets: six, d: 2, count: 736_416),
    CountRow(claim: "ViT-L d=4", shapes: .vitLarge, targets: six, d: 4, count: 1_324_224),
    CountRow(claim: "ViT-L d=8", shapes: .vitLarge, targets: six, d: 8, count: 2_496_384),
    CountRow(claim: "DeBERTa P", shapes: .vitBase, targets: six, d: 0, count: 55_296),
    CountRow(
      claim: "Pythia d=8", shapes: .pythia, targets: ["qkv", "o", "u", "d"], d: 8,
      count: 5_561_344),
    CountRow(
      claim: "rank 128 d=64", shapes: .gemma2B, targets: all, d: 64, rank: 128, count: 1_556_352),
    CountRow(
      claim: "rank 1536 P", shapes: .gemma2B, targets: all, d: 0, rank: 1536, count: 147_456),
    CountRow(
      claim: "rank 1536 d=2", shapes: .gemma2B, targets: all, d: 2, rank: 1536, count: 736_524),
  ]

  /// Reported LoRA counts: d is the rank.
  static let lora: [CountRow] = [
    CountRow(claim: "Gemma-2B r=32", shapes: .gemma2B, targets: five, d: 32, count: 26_247_168),
    CountRow(claim: "Gemma-7B r=32", shapes: .gemma7B, targets: five, d: 32, count: 68_812_800),
    CountRow(claim: "LLaMA-3 r=32", shapes: .llama3, targets: five, d: 32, count: 56_623_104),
    CountRow(claim: "Gemma-2B r=1", shapes: .gemma2B, targets: five, d: 1, count: 820_224),
    CountRow(claim: "Gemma-7B r=1", shapes: .gemma7B, targets: five, d: 1, count: 2_150_400),
    CountRow(claim: "LLaMA-3 r=1", shapes: .llama3, targets: five, d: 1, count: 1_769_472),
    CountRow(claim: "ViT-B r=1", shapes: .vitBase, targets: six, d: 1, count: 165_888),
    CountRow(claim: "ViT-B r=8", shapes: .vitBase, targets: six, d: 8, count: 1_327_104),
    CountRow(claim: "ViT-L r=8", shapes: .vitLarge, targets: six, d: 8, count: 3_538_944),
  ]

  /// The sum of `count` over the row's modules.
  func total(_ count: (_ rows: Int, _ columns: Int) -> Int) -> Int {
    shapes.layers
      * targets.reduce(0) { sum, name in
        let shape = shapes.modules[name] ?? [0, 0]
        return sum + count(shape[0], shape[1])
      }
  }
}
