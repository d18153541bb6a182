// Streams: the same text as the whole, complete characters only.
import SVFTTensor
import SVFTText
import Testing

@Suite struct StreamDecoderTests {
  @Test(arguments: TinyTokenizer.allCases, TinyTokenizerTests.nasty)
  func aStreamSaysWhatTheWholeSays(_ tiny: TinyTokenizer, _ text: String) throws {
    let tokenizer = try tiny.tokenizer()
    let ids = try tokenizer.encode(text)
    var stream = StreamDecoder(tokenizer)
    var joined = ""
    for id in ids { joined += try stream.push(id) }
    joined += stream.finish()
    #expect(Array(joined.utf8) == Array(try tokenizer.decode(ids).utf8))
  }

  @Test func everyCutOfBytesSaysWhatTheWholeSays() throws {
    let tokenizer = try TinyTokenizer.bytes.tokenizer()
    var ids: [Int32] = []
    let samples: [[UInt8]] = [
      Array("é€😀x".utf8), [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xE0, 0x80, 0x80],
      [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC0, 0xAF], [0x80, 0xBF], [0xFF, 0xFE],
    ]
    for byte in samples.joined() {
      ids += try tokenizer.encode(bytes: [byte], addSpecial: false)
    }
    for start in ids.indices {
      for end in start...ids.count {
        var stream = StreamDecoder(tokenizer)
        var joined = ""
        for id in ids[start..<end] {
          let text = try stream.push(id)
          joined += text
        }
        joined += stream.finish()
        let whole = try tokenizer.decode(Array(ids[start..<end]))
        #expect(Array(joined.utf8) == Array(whole.utf8), "\(start)..<\(end)")
      }
    }
  }

  @Test func aCharacterWaitsForItsLastByte() throws {
    let tokenizer = try TinyTokenizer.bytes.tokenizer()
    var stream = StreamDecoder(tokenizer)
    var texts: [String] = []
    for byte in "😀".utf8 {
      for id in try tokenizer.encode(bytes: [byte], addSpecial: false) {
        texts.append(try stream.push(id))
      }
    }
    #expect(texts == ["", "", "", "😀"])
    let rest = stream.finish()
    #expect(rest.isEmpty)
  }

  @Test func continuingKeepsTheBlankOfTheFirstWord() throws {
    let tokenizer = try TinyTokenizer.pieces.tokenizer()
    let id = try #require(tokenizer.id(of: "▁the"))
    var first = StreamDecoder(tokenizer)
    var later = StreamDecoder(tokenizer, continuing: true)
    let begun = try first.push(id)
    let continued = try later.push(id)
    #expect(begun == "the")
    #expect(continued == " the")
  }

  @Test(arguments: [-1, 372, .max, .min]) func idsOutsideAreRefused(_ id: Int32) throws {
    var stream = StreamDecoder(try TinyTokenizer.bytes.tokenizer())
    #expect(failure { _ = try stream.push(id) }?.kind == .invalidArgument)
  }
}
