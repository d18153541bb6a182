// Names in both dialects.
import SVFTModels
import Testing

@Suite("TensorNames")
struct TensorNamesTests {
  let names = TensorNames(
    prefix: "model.", constants: ["inv_freq"],
    ["model.embed": "token_embd", "model.layers.*.q": "blk.*.attn_q"])

  @Test("Names translate both ways, layer number and last part kept")
  func translation() {
    #expect(names.gguf("model.layers.12.q.bias") == "blk.12.attn_q.bias")
    #expect(names.canonical(gguf: "blk.0.attn_q.weight") == ["model.layers.0.q.weight"])
    #expect(names.gguf("model.embed.weight") == "token_embd.weight")
  }

  @Test(
    "Names outside the table have no translation", arguments: ["", ".", "q", "model..q.weight"])
  func strangers(_ name: String) {
    #expect(names.gguf(name) == nil)
    #expect(names.canonical(gguf: name) == [])
  }

  @Test("A folder may spell a body's name without the prefix, a GGUF file only its own way")
  func spellings() {
    let short = names.spellings("model.embed.weight", .huggingFace)
    #expect(short == ["model.embed.weight", "embed.weight"])
    let gguf = names.spellings("model.embed.weight", .gguf(architecture: "llama"))
    #expect(gguf == ["token_embd.weight"])
  }

  @Test("Names of older files are found too, with the prefix and without, after the newer ones")
  func older() {
    let names = TensorNames(
      prefix: "bert.", older: ["Norm.weight": "Norm.gamma"], ["bert.Norm": "norm"])
    #expect(
      names.spellings("bert.Norm.weight", .huggingFace)
        == ["bert.Norm.weight", "Norm.weight", "bert.Norm.gamma", "Norm.gamma"])
    #expect(names.spellings("bert.Norm.bias", .huggingFace) == ["bert.Norm.bias", "Norm.bias"])
    #expect(names.spellings("bert.Norm.weight", .gguf(architecture: "bert")) == ["norm.weight"])
  }

  @Test("Tables of constants are known as such")
  func constants() {
    #expect(names.isConstant("model.layers.3.inv_freq"))
    #expect(!names.isConstant("model.layers.3.q.weight"))
  }

  @Test("What a folder with a class head puts around the body is found, and written there alone")
  func wrapper() {
    let names = T5.tensorNames
    let spellings = names.spellings("shared.weight", .huggingFace)
    #expect(spellings == ["shared.weight", "transformer.shared.weight"])
    #expect(names.gguf(ofFile: "transformer.shared.weight", .huggingFace) == "token_embd.weight")
    #expect(names.folder("shared.weight", withClasses: true) == "transformer.shared.weight")
    #expect(names.folder("shared.weight", withClasses: false) == "shared.weight")
    let head = "classification_head.dense.weight"
    #expect(names.folder(head, withClasses: true) == head)
  }

  @Test(
    "Every family's table is a bijection", arguments: Architectures.all.map { $0.tensorNames })
  func bijection(_ names: TensorNames) {
    for name in names.canonicalModules {
      let tensor =
        name.split(separator: ".").map { $0 == "*" ? "7" : String($0) }
        .joined(separator: ".") + ".weight"
      let gguf = names.gguf(tensor)
      let back = gguf.map { names.canonical(gguf: $0) } ?? []
      // T5 calls what goes up otherwise where there is a gate; a file has one of the two.
      let isT5 = name.contains("DenseReluDense.wi") && !name.hasSuffix("wi_0")
      #expect(back.contains(tensor) && back.count == (isT5 ? 2 : 1))
    }
  }
}
