// One door to every container: files are known by their bytes, folders by what they hold.
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct TensorFileTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func theFirstBytesSayWhetherItIsGGUF() throws {
    for (text, isGGUF) in [("GGUF and more", true), ("GGU", false), ("", false), ("{}", false)] {
      let path = try folder.write("file", text)
      #expect(try TensorFile.isGGUF(path) == isGGUF)
    }
    #expect(throws: SVFTError.self) { try TensorFile.isGGUF(folder.file("missing")) }
  }

  @Test func theBytesDecideNotTheName() throws {
    let gguf = try folder.write("a.safetensors", HostileFiles.validGGUF)
    let safetensors = try folder.write("b.gguf", HostileFiles.validSafetensors)
    #expect(try TensorFile.open(gguf) is GGUF)
    #expect(try TensorFile.open(safetensors) is Safetensors)
    #expect(try TensorFile.open(gguf, access: .copied).names == ["w", "q", "v"])
  }

  @Test(arguments: ["model.safetensors", "adapter_model.safetensors"])
  func aFolderIsItsTensors(_ name: String) throws {
    try folder.write(name, HostileFiles.validSafetensors)
    try folder.write("other.gguf", HostileFiles.validGGUF)
    #expect(try TensorFile.open(folder.path).names == ["a", "s", "e"])
  }

  @Test func oneGGUFFileInAFolderIsEnoughTwoAreNot() throws {
    try folder.write("one.gguf", HostileFiles.validGGUF)
    #expect(try TensorFile.open(folder.path) is GGUF)
    try folder.write("two.gguf", HostileFiles.validGGUF)
    expect(.io, "found 2 .gguf files")
  }

  @Test func whatIsMissingIsSaid() throws {
    expect(.io, "found none of them")
    #expect(try TensorFile.pyTorchFile(in: folder.path) == nil)
    for other in ["training_args.bin", "optimizer.pt", "rng_state_0.pth", "merges.txt"] {
      try folder.write(other, "x")
    }
    expect(.io, "found none of them")
    try folder.write("weights.pt", "x")
    expect(.unsupported, "found weights.pt, which is not read: convert it")
    try folder.write("pytorch_model.bin.index.json", "{}")
    expect(.unsupported, "found pytorch_model.bin.index.json, which is not read: convert it")
    try folder.write("pytorch_model-00001-of-00002.bin", "x")
    expect(.unsupported, "found pytorch_model-00001-of-00002.bin")
    #expect(throws: SVFTError.self) { try TensorFile.open(folder.file("absent")) }
  }

  private func expect(_ kind: SVFTError.Kind, _ words: String) {
    let error = #expect(throws: SVFTError.self) { try TensorFile.open(folder.path) }
    #expect(error?.kind == kind)
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }
}
