// BERT against a trained encoder: hidden states and embeddings of the reference; segments, dropout.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("BERT")
struct BERTTests {
  static let folder = "all-MiniLM-L6-v2"

  private static func golden(_ name: String) throws -> [[Float]] {
    try goldenRows(folder + "/golden/\(name).npy")
  }

  private static func ids() throws -> [[Int32]] {
    let path = SharedData.path(folder + "/golden/golden.json")
    let lists = try JSON.read(path).root(path).array("ids")
    return try lists.map { try $0.array("ids").map { Int32(try $0.int("id")) } }
  }

  @Test(
    "Hidden states of a trained encoder equal the reference",
    .enabled(if: SharedData.isPresent, "needs shared data"))
  func hiddenStates() throws {
    let model = try Checkpoint(SharedData.path(Self.folder)).load()
    #expect(model.unused == [])
    let found = try ModelProbe(model, .none, rows: 64)([Self.ids()[3]])
    let expected = try Self.golden("hidden_sentence3")
    #expect(found.count == expected.count)
    #expect(zip(found, expected).map { distance($0, $1) }.max() ?? .infinity < 1e-5)
  }

  @Test(
    "Embeddings of a trained encoder equal the reference",
    .enabled(if: SharedData.isPresent, "needs shared data"))
  func embeddings() throws {
    let model = try Checkpoint(SharedData.path(Self.folder)).load()
    let head = model.embeddingHead
    #expect(head == EmbeddingHead(.mean, normalizes: true, maximumTokens: 256))
    let sequences = try Self.ids()
    let rows = try ModelProbe(model, .none, rows: 64, threads: 2)(sequences)
    let expected = try Self.golden("embeddings")
    var start = 0
    for (sequence, golden) in zip(sequences, expected) {
      let own = rows[start..<start + sequence.count]
      start += sequence.count
      var mean = (0..<384).map { column in own.reduce(0) { $0 + Double($1[column]) } }
      let length = mean.reduce(0) { $0 + $1 * $1 }.squareRoot()
      mean = mean.map { $0 / length }
      #expect(distance(mean.map { Float($0) }, golden) < 1e-5)
    }
  }

  @Test("Segments act, and absent ones are segment 0")
  func segments() throws {
    let folder = try TemporaryFolder()
    try TinyModel.bert().write(folder: folder.path)
    let probe = try ModelProbe(Checkpoint(folder.path).load(), .none, rows: 8)
    let ids: [[Int32]] = [[1, 2, 3]]
    let plain = try probe(ids)
    #expect(try probe(ids, segments: [[0, 0, 0]]) == plain)
    #expect(distance(try probe(ids, segments: [[0, 0, 1]])[2], plain[2]) > 1e-3)
  }

  @Test("Norms under the names of the first checkpoints are the same")
  func olderNames() throws {
    let (newer, older) = (try TemporaryFolder(), try TemporaryFolder())
    var model = TinyModel.bert(prefix: "bert.")
    try model.write(folder: newer.path)
    for place in model.tensors.indices {
      let name = model.tensors[place].name
      for (end, was) in [("LayerNorm.weight", "gamma"), ("LayerNorm.bias", "beta")]
      where name.hasSuffix(end) {
        model.tensors[place].name = name.dropLast(end.count) + "LayerNorm." + was
      }
    }
    try model.write(folder: older.path)
    let loaded = try Checkpoint(older.path).load()
    #expect(loaded.unused == [])
    let expected = try ModelProbe(Checkpoint(newer.path).load(), .none, rows: 8)([[1, 2, 3]])
    #expect(try ModelProbe(loaded, .none, rows: 8)([[1, 2, 3]]) == expected)
  }

  @Test("A token's hidden state depends on what follows it")
  func bidirectional() throws {
    let folder = try TemporaryFolder()
    try TinyModel.bert().write(folder: folder.path)
    let probe = try ModelProbe(Checkpoint(folder.path).load(), .none, rows: 8)
    #expect(distance(try probe([[1, 2, 3]])[0], try probe([[1, 2, 4]])[0]) > 1e-4)
  }

  @Test("Dropout is recorded for training only")
  func dropout() throws {
    let folder = try TemporaryFolder()
    try TinyModel.bert(dropout: 0.3).write(folder: folder.path)
    let model = try Checkpoint(folder.path).load()
    func ops(training: Bool) throws -> Int {
      let graph = Graph(training: training)
      _ = try model.architecture.record(graph)
      return graph.ops.count
    }
    // After the embeddings and after both branches of each of the two layers.
    #expect(try ops(training: true) == ops(training: false) + 5)
  }
}
