// Singular values of stored matrices, in whatever container and format.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct SpectrumTests {
  private func spectra(_ path: String) throws -> [String: [Double]] {
    let report = try JSON.parse(Inspector.inspect(path, options: #"{"spectrum":true}"#))
      .root("report")
    var result: [String: [Double]] = [:]
    for tensor in try report.objects("tensors") where tensor.has("spectrum") {
      result[try tensor.string("name")] = try tensor.doubles("spectrum")
    }
    return result
  }

  private func tensor(
    _ name: String, _ shape: [Int], _ type: String, _ values: [Float]
  ) throws -> OutgoingTensor {
    let buffer = try Buffer(of: Float.self, count: values.count)
    _ = buffer.values(Float.self).update(from: values)
    let format = try ElementFormats.required(type)
    let columns = shape.last ?? 1
    let bytes = try Buffer(byteCount: format.rowBytes(columns) * (values.count / columns))
    format.encode(
      buffer.pointer.assumingMemoryBound(to: Float.self), count: values.count, into: bytes.pointer)
    return try OutgoingTensor(name, shape, StoredType.named(type), bytes: bytes)
  }

  @Test func matricesWithKnownValues() throws {
    let folder = try TemporaryFolder()
    // Orthogonal rows of lengths 5 and 2, in either format exact.
    let known: [Float] = [3, 4, 0, 0, 0, 0, 2, 0]
    let path = folder.file("a.safetensors")
    try SafetensorsWriter.write(
      path,
      [
        tensor("m", [2, 4], "F32", known), tensor("half", [2, 4], "F16", known),
        tensor("tall", [4, 2], "BF16", [0, 2, 0, 0, -1, 0, 0, 0]),
        tensor("vector", [8], "F32", known), tensor("row", [1, 8], "F32", known),
      ])
    let found = try spectra(path)
    #expect(found.keys.sorted() == ["half", "m", "tall"])
    for (name, expected) in [("m", [5.0, 2]), ("half", [5, 2]), ("tall", [2, 1])] {
      let values = try #require(found[name])
      #expect(values.count == 2)
      #expect(zip(values, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(name)")
    }
  }

  @Test func bothContainersAgree() throws {
    let folder = try TemporaryFolder()
    try TinyModel.llama().write(folder: folder.file("hf"))
    try TinyModel.llama().write(gguf: folder.file("a.gguf"))
    let one = try spectra(folder.file("hf"))
    let other = try spectra(folder.file("a.gguf"))
    // Another order of rows changes no singular value.
    let q = try #require(one["model.layers.1.self_attn.q_proj.weight"])
    let same = try #require(other["blk.1.attn_q.weight"])
    #expect(zip(q, same).allSatisfy { abs($0 - $1) < 1e-5 * q[0] })
    #expect(one.count == other.count)
  }

  @Test func whatIsNoNumberIsNamed() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.safetensors")
    try SafetensorsWriter.write(path, [tensor("bad", [2, 2], "F32", [1, .nan, 0, 1])])
    let failure = #expect(throws: SVFTError.self) { try spectra(path) }
    #expect(failure?.kind == .nonFinite)
    #expect(failure?.message.contains("bad") == true)
  }
}
