// A model in several safetensors files: model.safetensors.index.json holds {"metadata":
// {"total_size"}, "weight_map": tensor name → file name}. Shards are plain names in the index's own
// folder, so that no index can reach elsewhere. A listed tensor lies in its shard and no other, or
// nowhere (one of two names of one matrix). What a shard holds beyond the map is a tensor of the
// model too, as for transformers, which goes by the shards' own names.
package import SVFTTensor

/// The tensors of a sharded model.
package final class SafetensorsIndex: PartedSource {
  package let path: String
  package let parts: TensorParts
  package let description: [(key: String, value: String)]

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
    description = shards.first?.metadata ?? []
    do {
      parts = try Self.order(map.keys, home, shards)
      Self.compareTotal(root, parts, path)
    } catch { throw error.while(path) }
  }

  /// The name of a shard, as transformers has it: model-00001-of-00003.safetensors.
  static func shardName(_ number: Int, of count: Int) -> String {
    "model-\(TensorParts.number(number, of: count)).safetensors"
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

  /// The names in the order of their data, shard by shard, each checked to lie in one shard alone.
  private static func order(_ names: [String], _ home: [Int], _ shards: [Safetensors])
    throws(SVFTError) -> TensorParts
  {
    var map = NameIndex()
    for name in names { _ = map.add(name) }
    var parts = TensorParts(shards)
    for (number, shard) in shards.enumerated() {
      for name in shard.names {
        let listed = map.position(of: name).map { home[$0] }
        guard listed == nil || listed == number else {
          throw SVFTError(
            .format,
            "tensor \(name.debugDescription) lies in \(shard.path), the index says in "
              + shards[listed ?? number].path)
        }
        guard parts.add(name, in: number) else {
          throw SVFTError(
            .format,
            "tensor \(name.debugDescription) lies in \(shard.path) and in "
              + "\(parts.home(of: name)?.path ?? shard.path), the index lists neither")
        }
      }
    }
    // Names of one matrix that writers have joined: who needs it will miss it by name.
    let missing = names.indices.filter { parts.home(of: names[$0]) == nil }
    if let first = missing.first {
      Log.warn(
        "\(missing.count) tensors that the index lists are not in their shards, the first is "
          + "\(names[first].debugDescription) in \(shards[home[first]].path)")
    }
    return parts
  }

  /// Warns where the index claims another size: readers go by the shards, whose tensors are checked
  /// one by one, and writers that convert an element type forget the claim.
  private static func compareTotal(_ root: JSON.Object, _ parts: TensorParts, _ path: String) {
    guard case .object(let metadata)? = root["metadata"],
      case .integer(let claimed)? = metadata["total_size"]
    else { return }
    let total = zip(parts.index.names, parts.homes).reduce(0) {
      $0 &+ (parts.files[$1.1].entry($1.0)?.byteCount ?? 0)
    }
    guard claimed != total else { return }
    Log.warn("\(path): metadata.total_size is \(claimed), the tensors have \(total) bytes")
  }
}
