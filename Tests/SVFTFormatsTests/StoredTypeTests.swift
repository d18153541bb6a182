// The file formats' table of element types agrees with the formats we compute with.
import SVFTFormats
import SVFTTensor
import Testing

@Suite struct StoredTypeTests {
  @Test func everyElementFormatIsStoredAsItLies() throws {
    #expect(ElementFormats.all.count >= 5)
    for format in ElementFormats.all {
      let type = try StoredType(format)
      #expect(type.name == format.name)
      #expect(type.ggufType == format.ggufType)
      #expect(type.safetensorsType == format.safetensorsType)
      #expect(type.blockLength == format.blockLength)
      #expect(type.blockBytes == format.blockBytes)
      #expect(type.format?.name == format.name)
    }
  }

  @Test func typesWithoutAFormatAreKnownButNotComputed() throws {
    #expect(try StoredType.safetensors("F8_E5M2").format == nil)
    #expect(try StoredType.gguf(41).format == nil)
    #expect(throws: SVFTError.self) { try StoredType.gguf(4) }
    #expect(throws: SVFTError.self) { try StoredType.named("") }
  }
}
