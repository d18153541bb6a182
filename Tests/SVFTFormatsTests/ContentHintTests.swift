// What files saved under a wrong name look like: the hint names what they are.
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct ContentHintTests {
  @Test(arguments: [
    (Array("version https://git-lfs.github.com/spec/v1\n".utf8), "git lfs pull"),
    (Array(" \n<!DOCTYPE html><html>".utf8), "a web page"),
    (Array("<HTML lang=en>".utf8), "a web page"),
    ([0x1F, 0x8B, 8, 0], "gzip"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd"),
    (Array("PK\u{3}\u{4}rest".utf8), "PyTorch"), ([0x80, 0x02, 0x7D], "pickle"),
    (Array("FUGG".utf8), "big-endian"), (Array("lmgg".utf8), "before GGUF"),
    ([UInt8](repeating: 0, count: 100), "zeros"), ([], "empty"),
  ])
  func knownContentsAreNamed(_ bytes: [UInt8], _ words: String) {
    let hint = bytes.withUnsafeBytes { ContentHint.describe($0) }
    #expect(hint.hasPrefix("; ") && hint.contains(words), "\(hint)")
  }

  @Test(arguments: [Array("{\"a\": 1}".utf8), [1, 2, 3], [0x1F], Array("PK".utf8), [0, 0, 1]])
  func otherContentsGetNoGuess(_ bytes: [UInt8]) {
    #expect(bytes.withUnsafeBytes { ContentHint.describe($0) } == "")
  }

  @Test func readersPassItOn() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("model.safetensors", "version https://git-lfs.github.com/spec/v1")
    let error = #expect(throws: SVFTError.self) { try TensorFile.open(path) }
    #expect(error?.message.contains("git lfs pull") == true, "\(error?.message ?? "")")
  }

  @Test func anotherFilesBeginningIsNoEnormousHeader() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("a.bin", Array("PK\u{03}\u{04}".utf8) + [0, 0, 8, 8, 1, 2])
    let error = #expect(throws: SVFTError.self) { try Safetensors(path) }
    #expect(error?.kind == .format && error?.message.contains("convert it to safetensors") == true)
  }
}
