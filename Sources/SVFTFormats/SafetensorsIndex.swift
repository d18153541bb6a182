// A model in several safetensors files: model.safetensors.index.json holds {"metadata":
// {"total_size"}, "weight_map": tensor name → file name}. Shards are plain names in the index's own
// folder, so that no index can reach elsewhere. The map is the authority: a listed tensor lies in
// its shard and no other; what a shard holds beyond the map is ignored.
package import SVFTTensor

/// The tensors of a sharded model.
package final class SafetensorsIndex: TensorSource {
  package let path: String
  private let index: NameIndex
  /// For each name of the index, the shard it lies in.
  private let homes: [Int]
  private let shards: [Safetensors]
  package let description: [(key: String, value: String)]

  package var names: [String] { index.names }

  package func entry(_ name: String) -> TensorEntry? {
    index.position(of: name).flatMap { shards[homes[$0]].entry(name) }
  }

  package func origin(_ name: String) -> String? {
    index.position(of: name).flatMap { shards[homes[$0]].origin(name) }
  }

  package func bytes(_ name: String) throws(SVFTError) -> Buffer {
    guard let place = index.position(of: name) else {
      throw SVFTError(.format, "\(path): there is no tensor \(name.debugDescription)")
    }
    return try shards[homes[place]].bytes(name)
  }

  /// Opens an index and all its shards.
  package init(_ path: String, access: MappedFile.Access = .mapped) throws(SVFTError) {
    self.path = path
    let root = try JSON.read(path).root(path)
    let map = try during(path) { () throws(SVFTError) in try root.object("weight_map") }
    var files = NameIndex()
    var home: [Int] = []
    for (name, value) in map.members {
      let file = try during(path) { () throws(SVFTError) in
        try Self.shardName(value.string(map.place(name)))
      }
      _ = files.add(file)
      home.append(files.position(of: file) ?? 0)
    }
    guard files.count <= Limits.shards, map.count <= Limits.tensors else {
      throw SVFTError(.limit, "\(path): \(map.count) tensors in \(files.count) shards")
    }
    let folder = FileSystem.parent(path) ?? "."
    var shards: [Safetensors] = []
    for file in files.names {
      shards.append(
        try during("a shard of \(path)") { () throws(SVFTError) in
          try Safetensors(FileSystem.join(folder, file), access: access)
        })
    }
    self.shards = shards
    description = shards.first?.metadata ?? []
    do {
      (index, homes) = try Self.order(map.keys, home, shards)
      try Self.checkTotal(root, index.names, homes, shards)
    } catch { throw error.while(path) }
  }

  /// A file name that stays in its folder.
  private static func shardName(_ name: String) throws(SVFTError) -> String {
    guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(UInt8(ascii: "/")),
      !name.utf8.contains(UInt8(ascii: "\\")), !name.utf8.contains(0)
    else {
      throw SVFTError(
        .format, "expected the name of a shard in the same folder, found \(name.debugDescription)")
    }
    return name
  }

  /// The names in the order of their data, shard by shard, each checked to lie in its shard alone.
  private static func order(_ names: [String], _ home: [Int], _ shards: [Safetensors])
    throws(SVFTError) -> (NameIndex, [Int])
  {
    var map = NameIndex()
    for name in names { _ = map.add(name) }
    var ordered = NameIndex()
    var homes: [Int] = []
    for (number, shard) in shards.enumerated() {
      for name in shard.names {
        guard let place = map.position(of: name) else { continue }
        guard home[place] == number else {
          throw SVFTError(
            .format,
            "tensor \(name.debugDescription) lies in \(shard.path), the index says in "
              + shards[home[place]].path)
        }
        _ = ordered.add(name)
        homes.append(number)
      }
    }
    for (place, name) in names.enumerated() where ordered.position(of: name) == nil {
      throw SVFTError(
        .format, "tensor \(name.debugDescription) is not in its shard \(shards[home[place]].path)")
    }
    return (ordered, homes)
  }

  private static func checkTotal(
    _ root: JSON.Object, _ names: [String], _ homes: [Int], _ shards: [Safetensors]
  ) throws(SVFTError) {
    guard root.has("metadata") else { return }
    let metadata = try root.object("metadata")
    guard metadata.has("total_size") else { return }
    let claimed = try metadata.int("total_size")
    var total = 0
    for (name, home) in zip(names, homes) {
      total = try Checked.sum(total, shards[home].require(name).byteCount, "the total size")
    }
    guard claimed == total else {
      throw SVFTError(
        .format,
        "metadata.total_size: expected \(total), the bytes of all tensors listed, "
          + "found \(claimed); "
          + "if the shards are known to be whole, take the entry out of the index")
    }
  }
}
