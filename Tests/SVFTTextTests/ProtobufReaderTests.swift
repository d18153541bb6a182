// Protocol buffers that are cut, overlong or of kinds nobody writes.
import SVFTTensor
import SVFTText
import Testing

@Suite struct ProtobufReaderTests {
  @Test(arguments: [
    ([0x0A], SVFTError.Kind.truncated), ([0x0A, 0x05, 0x0A], .truncated),
    ([0x80], .truncated), ([0x0B], .format), ([0x00, 0x00], .format), ([0x07], .format),
    ([0x08] + [UInt8](repeating: 0x80, count: 12), .format), ([0x0D, 1, 2], .truncated),
    ([0x09, 1, 2], .truncated),
    ([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1], .truncated),
    // A piece of a type that is none; a kind of model that is none.
    ([0x0A, 0x02, 0x18, 0x09], .format), ([0x12, 0x02, 0x18, 0x03], .unsupported),
    ([0x1A, 0x02, 0x28, 0x00], .unsupported),
  ])
  func whatIsNoneIsAnError(_ bytes: [UInt8], _ kind: SVFTError.Kind) {
    #expect(failure { _ = try Tokenizer(sentencePiece: bytes) }?.kind == kind, "\(bytes)")
  }
}
