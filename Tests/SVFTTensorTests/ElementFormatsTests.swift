// The contract of every element format: names lead to it, blocks have the documented size, encoding
// is bit-equal to ggml's reference (golden files), decoding undoes it.
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct ElementFormatsTests {
  @Test(arguments: ElementFormats.all)
  func everyNameLeadsToItsFormat(_ format: any ElementFormat) {
    #expect(ElementFormats.named(format.name.lowercased())?.name == format.name)
    if let type = format.ggufType {
      #expect(ElementFormats.gguf(type)?.name == format.name)
      #expect(ElementFormats.all.filter { $0.ggufType == type }.count == 1)
    }
    if let type = format.safetensorsType {
      #expect(ElementFormats.safetensors(type)?.name == format.name)
    }
    #expect(ElementFormats.all.filter { $0.kernels == format.kernels }.count == 1)
    #expect(format.kernels.isListed)
    // Its points are no whole numbers.
    #expect(format.kernels.takesIntegers == (format.blockLength > 1 && format.name != "NF4"))
  }

  @Test func unknownNamesLeadNowhere() {
    #expect(ElementFormats.named("Q9_9") == nil)
    #expect(ElementFormats.gguf(9999) == nil)
    #expect(ElementFormats.safetensors("Q8_0") == nil)
  }

  @Test(arguments: ElementFormats.all)
  func whatCannotBeWrittenIsRefusedByName(_ format: any ElementFormat) throws {
    guard !format.canEncode else {
      #expect(try ElementFormats.required(format.name.lowercased()).name == format.name)
      return
    }
    let failure = #expect(throws: SVFTError.self) { try ElementFormats.required(format.name) }
    #expect(failure?.kind == .unsupported)
    #expect(failure?.message.contains("\(format.name), which can be read but not written") == true)
  }

  @Test(
    .enabled(if: SharedData.isPresent, "needs shared data"),
    arguments: ElementFormats.all.filter { $0.ggufType ?? 0 > 0 }, Kernels.instructionSets)
  func bytesEqualTheReference(_ format: any ElementFormat, _ set: Kernels.InstructionSet) throws {
    func path(_ name: String, _ kind: String = "npy") -> String {
      SharedData.path("ggml-quant-golden/\(name).\(kind)")
    }
    let x: [Float] = try NpyFile(path("x")).values()
    let manifest = try JSON.read(path("manifest", "json")).root("manifest")
    let expected: [UInt8] = try NpyFile(path("\(format.name).q")).values()
    let decoded: [Float] = try NpyFile(path("\(format.name).dq")).values()
    #expect(format.rowBytes(x.count) == expected.count)
    let hasEncoder = try manifest.object(format.name).bool("quantize", default: false)
    #expect(!hasEncoder || Kernels.with(set) { encode(x, format) } == expected)
    let found = Kernels.with(set) { decode(expected, x.count, format) }
    #expect(found.map(\.bitPattern) == decoded.map(\.bitPattern))
  }

  @Test(
    arguments: ElementFormats.encodable.filter { format in
      !ElementFormatTests.searched.contains { $0.name == format.name }
    }, Kernels.instructionSets)
  func encodingDecodedValuesGivesTheSameBytes(
    _ format: any ElementFormat, _ set: Kernels.InstructionSet
  ) {
    var numbers = TestNumbers(seed: 5)
    let count = 7 * format.blockLength * 9
    Kernels.with(set) {
      let bytes = encode(numbers.array(count), format)
      let values = decode(bytes, count, format)
      #expect(decode(encode(values, format), count, format) == values)
    }
  }
}

/// The bytes of `values` in `format`.
func encode(_ values: [Float], _ format: any ElementFormat) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: format.rowBytes(values.count))
  bytes.withUnsafeMutableBytes { target in
    guard let target = target.baseAddress else { return }
    format.encode(values, count: values.count, into: target)
  }
  return bytes
}

/// `count` values from bytes in `format`.
func decode(_ bytes: [UInt8], _ count: Int, _ format: any ElementFormat) -> [Float] {
  var values = [Float](repeating: 0, count: count)
  format.decode(bytes, count: count, into: &values)
  return values
}
