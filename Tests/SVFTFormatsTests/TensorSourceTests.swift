// What every source of tensors owes, held against each container.
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct TensorSourceTests {
  @Test(arguments: [HostileFiles.validSafetensors, HostileFiles.validGGUF])
  func entriesBytesAndNamesAgree(_ file: [UInt8]) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("model", file)
    let source = try TensorFile.open(path)
    #expect(source.path == path)
    #expect(source.entries.map(\.name) == source.names)
    #expect(source.names.count == 3)
    for name in source.names {
      let entry = try source.require(name)
      #expect(source.entry(name) == entry)
      #expect(entry.format?.name == entry.type.format?.name)
      #expect(try source.bytes(name).byteCount == entry.byteCount)
      #expect(try entry.type.byteCount(entry.shape) == entry.byteCount)
    }
  }

  @Test(arguments: [HostileFiles.validSafetensors, HostileFiles.validGGUF])
  func aTensorThatIsNotThereIsNamed(_ file: [UInt8]) throws {
    let folder = try TemporaryFolder()
    let source = try TensorFile.open(folder.write("model", file))
    #expect(source.entry("none") == nil)
    for body in [{ _ = try source.require("none") }, { _ = try source.bytes("none") }] {
      let error = #expect(throws: SVFTError.self) { try body() }
      #expect(error?.kind == .format)
      #expect(error?.message.contains("no tensor \"none\"") == true)
    }
  }

  /// The file may be gone from the program's hands while its bytes are in use.
  @Test func bytesOutliveTheSource() throws {
    let folder = try TemporaryFolder()
    var source: (any TensorSource)? = try TensorFile.open(
      folder.write("model", HostileFiles.validSafetensors))
    let bytes = try #require(try source?.bytes("a"))
    source = nil
    #expect(bytes.array == Array(0..<16))
  }
}
