// Every way of pooling by its switch and by its word, as sentence-transformers writes them.
import SVFTFormats
import SVFTLayers
import SVFTModels
import TestKit
import Testing

@Suite struct EmbeddingHeadPoolingTests {
  static let ways:
    [(mode: EmbeddingHead.Pooling, key: String, word: String, piece: Selection.Piece)] = [
      (.cls, "pooling_mode_cls_token", "cls", .init(.first)),
      (.max, "pooling_mode_max_tokens", "max", .init(.sequence, .largest)),
      (.mean, "pooling_mode_mean_tokens", "mean", .init(.sequence)),
      (
        .rootMean, "pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens",
        .init(.sequence, .rootMean)
      ),
      (
        .weightedMean, "pooling_mode_weightedmean_tokens", "weightedmean",
        .init(.sequence, .weightedMean)
      ),
      (.last, "pooling_mode_lasttoken", "lasttoken", .init(.last)),
    ]

  private func head(_ config: JSON.Object) throws -> EmbeddingHead {
    let folder = try TemporaryFolder()
    try folder.write("modules.json", #"[{"path": "p", "type": "a.Pooling"}]"#)
    try FileSystem.makeFolder(folder.file("p"))
    try folder.write("p/config.json", JSON.object(config).text(.compact))
    return try #require(try EmbeddingHead(folder: folder.path))
  }

  @Test func eachHasItsSwitchAndItsWord() throws {
    #expect(Self.ways.map(\.mode) == EmbeddingHead.Pooling.allCases)
    for way in Self.ways {
      let head = try head(
        JSON.Object(Self.ways.map { (key: $0.key, value: .bool($0.mode == way.mode)) }))
      #expect(head == EmbeddingHead(way.mode, normalizes: false))
      #expect(try self.head(JSON.Object([("pooling_mode", .string(way.word))])) == head)
      #expect(head.selection == [way.piece])
      #expect(head.width(hidden: 32) == 32)
    }
  }

  @Test func severalStandInTheOrderOfSentenceTransformers() throws {
    let head = try head(JSON.Object(Self.ways.reversed().map { (key: $0.key, value: true) }))
    #expect(head.poolings == Self.ways.map(\.mode))
    #expect(head.selection == Self.ways.map(\.piece))
    #expect(head.width(hidden: 32) == 192)
  }

  @Test func onlyThreeHaveANumberInGGUF() {
    #expect(EmbeddingHead.Pooling.allCases.map(\.gguf) == [2, nil, 1, nil, nil, 3])
  }
}
