// Rounding that knows what matters: measured on a text, or read from an imatrix file.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct ColumnImportanceTests {
  private static let format = "iq4_nl"
  let tiny: TinyVerbs

  /// A model in which one column of four matters, as norms tell.
  init() throws {
    tiny = try TinyVerbs()
    var model = TinyModel.llama(.init { $0.vocabulary = 372 })
    for place in model.tensors.indices where model.tensors[place].name.contains("layernorm") {
      for column in model.tensors[place].values.indices {
        model.tensors[place].values[column] = column % 4 == 0 ? 3 : 0.2
      }
    }
    try model.write(folder: tiny.folder.file("model"))
  }

  private func save(_ model: Model, _ name: String, by calibration: String?) throws -> GGUF {
    var options = SavingOptions()
    (options.format, options.calibration) = (Self.format, calibration)
    _ = try model.save(to: tiny.folder.file(name), options)
    return try GGUF(tiny.folder.file(name))
  }

  private func values(_ file: GGUF, _ name: String) throws -> [Float] {
    let entry = try file.require(name)
    let bytes = try file.bytes(name)
    var values = [Float](repeating: 0, count: entry.shape.reduce(1, *))
    entry.format?.decode(bytes.array, count: values.count, into: &values)
    return values
  }

  /// What the model gives on the text itself comes out nearer.
  @Test(arguments: ["a text", "records"])
  func aTextThatTheModelIsRunOnMakesRoundingBetter(_ kind: String) throws {
    let model = try tiny.model()
    let text = (0..<12).map { "the cat number \($0) sat on mat \($0 * 7)" }.joined(separator: " ")
    let path = try kind == "records" ? tiny.data() : tiny.folder.write("a.txt", text)
    let ids = try model.tokenize(text)
    let expected = try model.logits(Array(ids.prefix(60)))
    func error(_ name: String, _ calibration: String?) throws -> Float {
      _ = try save(model, name, by: calibration)
      let found = try Model(path: tiny.folder.file(name)).logits(Array(ids.prefix(60)))
      return zip(found, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    #expect(try error("weighed.gguf", path) < 0.8 * error("plain.gguf", nil))
    // The watch is gone.
    #expect(try model.logits(Array(ids.prefix(60))) == expected)
  }

  @Test func anEncoderIsWeighedToo() throws {
    let tiny = try TinyVerbs(encoder: true)
    var options = SavingOptions()
    options.format = Self.format
    options.calibration = try tiny.folder.write("a.txt", "the cat sat who were when a dog")
    let model = try tiny.model()
    let expected = try model.embed(["the cat sat"])
    _ = try model.save(to: tiny.folder.file("m.gguf"), options)
    #expect(try model.embed(["the cat sat"]) == expected)
  }

  private func imatrix(
    _ columns: Int, _ name: String = "blk.0.ffn_up.weight", type: String = "imatrix"
  ) throws -> String {
    let bytes = try Buffer(of: Float.self, count: columns)
    for column in 0..<columns { bytes.values(Float.self)[column] = column % 4 == 0 ? 90 : 1 }
    let tensor = OutgoingTensor(
      name + ".in_sum2", [1, columns], try StoredType.named("F32"), bytes: bytes)
    try GGUFWriter.write(
      tiny.folder.file("i.gguf"), [tensor], metadata: [("general.type", .string(type))])
    return tiny.folder.file("i.gguf")
  }

  @Test func anImatrixFileSaysWhatMatters() throws {
    let model = try tiny.model()
    let name = "blk.0.ffn_up.weight"
    let exact = tiny.folder.file("f32.gguf")
    _ = try model.save(to: exact, format: "f32")
    let base = try values(GGUF(exact), name)
    func error(_ file: GGUF) throws -> Float {
      let found = try values(file, name)
      return base.indices.filter { $0 % 4 == 0 }.reduce(0) {
        $0 + (found[$1] - base[$1]) * (found[$1] - base[$1])
      }
    }
    let plain = try save(model, "plain.gguf", by: nil)
    let weighed = try save(model, "weighed.gguf", by: imatrix(32))
    #expect(try error(weighed) < 0.8 * error(plain))
    let other = "blk.1.ffn_up.weight"
    #expect(try weighed.bytes(other).array == plain.bytes(other).array)
  }

  @Test func otherFilesAreRefused() throws {
    let model = try tiny.model()
    let files: [(make: () throws -> String, kind: SVFTError.Kind)] = [
      ({ try imatrix(31) }, .shape), ({ try imatrix(32, type: "model") }, .format),
      ({ tiny.folder.file("absent") }, .io),
    ]
    for (make, kind) in files {
      let file = try make()
      let failure = #expect(throws: SVFTError.self) { try save(model, "x.gguf", by: file) }
      #expect(failure?.kind == kind)
    }
    #expect(try !FileSystem.isFile(tiny.folder.file("x.gguf")))
  }
}
