// Tensors missing, misshapen, surplus, misaligned; storage and progress of a load.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import Synchronization
import TestKit
import Testing

@Suite("WeightReader")
struct WeightReaderTests {
  private static func failure(_ change: (inout TinyModel) -> Void) throws -> SVFTError? {
    let folder = try TemporaryFolder()
    var model = TinyModel.llama()
    change(&model)
    try model.write(folder: folder.path)
    do {
      _ = try Checkpoint(folder.path).load()
      return nil
    } catch { return error }
  }

  @Test("A missing tensor is named", arguments: TinyModel.llama().tensors.map(\.name))
  func missing(_ name: String) throws {
    let error = try Self.failure { $0.tensors.removeAll { $0.name == name } }
    #expect(error?.kind == .format)
    #expect(error?.message.contains(name) == true)
  }

  @Test("A tensor of another shape is named", arguments: TinyModel.llama().tensors.map(\.name))
  func misshapen(_ name: String) throws {
    let error = try Self.failure { model in
      for index in model.tensors.indices where model.tensors[index].name == name {
        model.tensors[index].shape.insert(1, at: 0)
      }
    }
    #expect(error?.kind == .shape)
    #expect(error?.message.contains(name) == true)
  }

  @Test("Surplus tensors are listed and constants are not")
  func surplus() throws {
    let folder = try TemporaryFolder()
    var model = TinyModel.llama()
    model.tensors += ["stray", "model.layers.0.self_attn.rotary_emb.inv_freq"].map {
      TinyModel.Tensor(name: $0, shape: [2], values: [1, 2])
    }
    try model.write(folder: folder.path)
    #expect(try Checkpoint(folder.path).load().unused == ["stray"])
  }

  @Test("Vectors become F32 and matrices stay as they lie")
  func storage() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("m.gguf")
    let format = try #require(ElementFormats.named("Q8_0"))
    try TinyModel.llama().write(gguf: path, format: format)
    for slot in try Checkpoint(path).load().slots {
      #expect(slot.weight.format.name == (slot.shape.count == 1 ? "F32" : "Q8_0"))
    }
  }

  @Test(
    "Strips take the place of a mapped file's pages",
    .enabled(
      if: ArrangedPair.formats.contains { $0.kernels.hasStrips },
      "this processor multiplies no format faster from strips"),
    arguments: ArrangedPair.formats.filter { $0.fits(columns: 32) }.map(\.name))
  func strips(_ name: String) throws {
    let format = try ElementFormats.required(name)
    let folder = try TemporaryFolder()
    let path = folder.file("m.gguf")
    let size = TinyModel.Size {
      $0.hidden = 96
      $0.feedForward = 352
      $0.vocabulary = 30_001
    }
    try TinyModel.llama(size).write(gguf: path, format: format)
    let checkpoint = try Checkpoint(path)
    let plain = try checkpoint.load()
    let values = try plain.slots.map { try $0.weight.decoded().array }
    let place = try #require(plain.slots.first { $0.weight.rows == 30_001 }).weight.bytes.pointer
    let before = try #require(try ResidentMemory.bytes(of: place))
    #expect(before > 30_001 * format.rowBytes(96))
    let packed = try checkpoint.load(.init(threads: 2, inStrips: true))
    let queue = try #require(packed.slots.compactMap(\.weight.strips?.queue).first)
    for step in 1...3 {
      queue.advance(threads: 2)
      for slot in packed.slots where slot.shape.count > 1 {
        #expect(slot.weight.matrix.arrangement == (step > 1 ? .strips : .rowsAsStrips))
      }
    }
    let after = try #require(try ResidentMemory.bytes(of: place))
    #expect(after < before / 3, "\(after) of \(before) bytes")
    for (index, slot) in packed.slots.enumerated() {
      #expect(slot.weight.comesIntoStrips == (slot.shape.count > 1), "\(slot.name)")
      let isSame = try slot.weight.decoded().array == values[index]
      #expect(isSame, "\(slot.name)")
    }
    withExtendedLifetime(plain) {}
  }

  @Test("A matrix that was quantised while loading leaves no pages behind")
  func quantised() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("m.gguf")
    let size = TinyModel.Size {
      $0.hidden = 512
      $0.feedForward = 1408
      $0.layers = 5
    }
    try TinyModel.llama(size).write(gguf: path, format: ElementFormats.required("F16"))
    let checkpoint = try Checkpoint(path)
    let plain = try checkpoint.load()
    let matrices = plain.slots.map(\.weight).filter { $0.rows > 1 }
    let place = try #require(matrices.first).bytes.pointer
    let whole = matrices.reduce(0) { $0 + $1.bytes.byteCount }
    let address = Int(bitPattern: place)
    let most = Mutex(0)
    let quantised = try checkpoint.load(
      .init(quantization: .required("q8_0"), threads: 2) { _, _ in
        let resident = UnsafeRawPointer(bitPattern: address).flatMap {
          try? ResidentMemory.bytes(of: $0)
        }
        most.withLock { $0 = max($0, resident ?? Int.max) }
        return true
      })
    // One matrix, and what the system brings in around the ends of others.
    most.withLock { #expect($0 > 0 && $0 < whole / 4, "\($0) of \(whole) bytes") }
    #expect(quantised.slots.contains { $0.weight.format.name == "Q8_0" })
    withExtendedLifetime(plain) {}
  }

  @Test("Progress ends at the whole and a refusal cancels the load")
  func progress() throws {
    let folder = try TemporaryFolder()
    try TinyModel.llama().write(folder: folder.path)
    let checkpoint = try Checkpoint(folder.path)
    let last = Mutex((done: 0, total: -1))
    _ = try checkpoint.load(
      .init { done, total in
        last.withLock { $0 = (done, total) }
        return true
      })
    last.withLock { #expect($0.done == $0.total) }
    #expect {
      _ = try checkpoint.load(.init { _, _ in false })
    } throws: { ($0 as? SVFTError)?.kind == .cancelled }
  }

  @Test("Names without the body's prefix load the same model")
  func bodyNames() throws {
    let folder = try TemporaryFolder()
    var model = TinyModel.llama()
    try model.write(folder: folder.file("a"))
    for index in model.tensors.indices where model.tensors[index].name.hasPrefix("model.") {
      model.tensors[index].name.removeFirst("model.".count)
    }
    try model.write(folder: folder.file("b"))
    let (a, b) = try (Checkpoint(folder.file("a")).load(), Checkpoint(folder.file("b")).load())
    #expect(a.slots.map(\.name) == b.slots.map(\.name))
    #expect(b.unused == [])
    for (x, y) in zip(a.slots, b.slots) {
      #expect(x.weight.bytes.array == y.weight.bytes.array)
    }
  }

  @Test("A tensor at an odd address is read as well")
  func oddAddress() throws {
    let folder = try TemporaryFolder()
    // A header of 2 + 8 + … bytes by hand: its length is no multiple of four.
    let header = #"{"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#
    let padded = header + String(repeating: " ", count: (5 - header.utf8.count % 4) % 4)
    #expect(padded.utf8.count % 4 == 1)
    var bytes = withUnsafeBytes(of: UInt64(padded.utf8.count).littleEndian) { Array($0) }
    bytes += Array(padded.utf8)
    let values: [Float] = [1, 2, 3, 4]
    bytes += values.withUnsafeBytes { Array($0) }
    let path = try folder.write("odd.safetensors", bytes)
    var reader = WeightReader(
      try Safetensors(path), names: TensorNames(prefix: "", [:]), dialect: .huggingFace)
    let slot = try reader.take("w", [2, 2])
    #expect(slot.weight.bytes.array == values.withUnsafeBytes { Array($0) })
  }
}
