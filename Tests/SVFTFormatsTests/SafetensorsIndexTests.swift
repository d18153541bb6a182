// Sharded models: found across shards, and no index that lies or reaches elsewhere is believed.
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct SafetensorsIndexTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try shard("one.safetensors", ["a": 4])
    try shard("two.safetensors", ["b": 8])
  }

  @Test func tensorsAreFoundAcrossShards() throws {
    let model = try open(
      #"{"metadata":{"total_size":12},"weight_map":{"#
        + #""b":"two.safetensors","a":"one.safetensors"}}"#)
    #expect(Set(model.names) == ["a", "b"])
    #expect(try model.bytes("a").byteCount == 4)
    #expect(try model.require("b").shape == [8])
    #expect(model.entry("c") == nil)
    #expect(throws: SVFTError.self) { try model.bytes("c") }
  }

  @Test(arguments: [
    ("../one.safetensors", SVFTError.Kind.format), ("/etc/passwd", .format), ("..", .format),
    ("", .format), ("x/../one.safetensors", .format), ("a\\u0000b", .format),
    ("missing.safetensors", .io),
  ])
  func shardsMustBeTheRightFilesInTheFolder(_ name: String, _ expected: SVFTError.Kind) {
    #expect(kind(of: "{\"weight_map\":{\"a\":\"\(name)\"}}") == expected)
  }

  @Test(arguments: [
    "[]", "{}", #"{"weight_map":[]}"#, #"{"weight_map":{"a":1}}"#,
    #"{"weight_map":{"a":"one.safetensors","a":"two.safetensors"}}"#,
  ])
  func indexesThatLieAreRefused(_ text: String) {
    #expect(kind(of: text) == .format)
  }

  /// transformers reads both: a name that its shard has not, and a size that is none of these.
  @Test(arguments: [
    #"{"weight_map":{"a":"one.safetensors","c":"one.safetensors"}}"#,
    #"{"metadata":{"total_size":5},"weight_map":{"a":"one.safetensors"}}"#,
    #"{"metadata":{"total_size":"much"},"weight_map":{"a":"one.safetensors"}}"#,
  ])
  func whatIndexesSayTooMuchIsPassedOver(_ text: String) throws {
    let model = try open(text)
    #expect(model.names == ["a"] && model.entry("c") == nil)
  }

  /// As transformers has it.
  @Test func whatAShardHoldsBeyondTheIndexIsOfTheModel() throws {
    try shard("two.safetensors", ["b": 8, "c": 2])
    let model = try open(#"{"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}"#)
    #expect(model.names == ["a", "b", "c"])
    #expect(try model.require("c").shape == [2] && model.bytes("c").byteCount == 2)
    // Which of two is meant, nobody says.
    try shard("one.safetensors", ["a": 4, "c": 2])
    #expect(
      kind(of: #"{"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}"#) == .format)
  }

  @Test func aTensorInTwoShardsIsRefused() throws {
    try shard("two.safetensors", ["a": 4, "b": 8])
    let text = #"{"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}"#
    #expect(kind(of: text) == .format)
  }

  private func shard(_ file: String, _ sizes: KeyValuePairs<String, Int>) throws {
    var members: [String] = []
    var offset = 0
    for (name, size) in sizes {
      members.append(
        "\"\(name)\":{\"dtype\":\"U8\",\"shape\":[\(size)],"
          + "\"data_offsets\":[\(offset),\(offset + size)]}")
      offset += size
    }
    let header = "{" + members.joined(separator: ",") + "}"
    try folder.write(
      file, HostileFiles.safetensors(header, data: [UInt8](repeating: 7, count: offset)))
  }

  private func open(_ text: String) throws -> SafetensorsIndex {
    try SafetensorsIndex(folder.write("model.safetensors.index.json", text))
  }

  private func kind(of text: String) -> SVFTError.Kind? {
    #expect(throws: SVFTError.self) { try open(text) }?.kind
  }
}
