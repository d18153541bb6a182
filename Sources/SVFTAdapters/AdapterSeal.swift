// What binds the two files of an adapter's folder. Each is renamed into place whole, but not both
// in one step, and the folder may hold other files (a run's metrics and checkpoints), so it cannot
// be exchanged as one. Instead:
//
//   adapter_config.json          svft_sha256: the hash of the tensors it was saved with
//   adapter_model.safetensors    metadata: the same hash, and the whole configuration
//
// The tensors are renamed last. If the process dies in between, they are still the earlier ones and
// bring their own configuration: the earlier adapter loads. PEFT reads neither key.
import SVFTFormats
import SVFTTensor

/// The hash of an adapter's tensors, and what follows from it.
struct AdapterSeal {
  /// The entry of the configuration and of the metadata.
  static let key = "svft_sha256"
  private static let configurationKey = "svft_configuration"

  /// Over names, types, shapes and bytes of all tensors by rising name.
  let sha256: String

  /// The seal of tensors that are to be saved.
  init(of tensors: [NamedTensor]) throws(SVFTError) {
    var hash = SHA256()
    for tensor in tensors.sorted(by: { $0.name < $1.name }) {
      Self.add(tensor.name, tensor.type, tensor.shape, tensor.bytes, to: &hash)
    }
    sha256 = hash.hexadecimal
  }

  /// The seal of the tensors that lie in a file.
  init(of file: Safetensors) throws(SVFTError) {
    var hash = SHA256()
    for entry in file.entries.sorted(by: { $0.name < $1.name }) {
      Self.add(entry.name, entry.type.name, entry.shape, try file.bytes(entry.name), to: &hash)
    }
    sha256 = hash.hexadecimal
  }

  private static func add(
    _ name: String, _ type: String, _ shape: [Int], _ bytes: Buffer, to hash: inout SHA256
  ) {
    hash.update("\(name) \(type) \(shape)\n")
    withExtendedLifetime(bytes) { hash.update(bytes.bytes) }
  }

  /// The metadata that go with the tensors.
  func metadata(
    _ configuration: JSON.Object
  ) throws(SVFTError) -> [(key: String, value: String)] {
    [
      (Self.key, sha256),
      (Self.configurationKey, try JSON.object(configuration).text(.compact)),
    ]
  }

  /// The configuration that belongs to the tensors of `file`: the folder's own, unless a save was
  /// interrupted before its tensors were in place; then that of the save before.
  ///
  /// Throws `.format` where the tensors are not what either was saved with. A configuration without
  /// a seal is not ours and is believed.
  static func configuration(
    _ own: JSON.Object, of file: Safetensors
  ) throws(SVFTError) -> JSON.Object {
    guard own.has(key) else { return own }
    let found = try AdapterSeal(of: file).sha256
    if try own.string(key) == found { return own }
    let metadata = file.metadata
    guard metadata.contains(where: { $0.key == key && $0.value == found }),
      let text = metadata.first(where: { $0.key == configurationKey })?.value
    else {
      throw SVFTError(
        .format,
        "\(file.path): expected the tensors that \(AdapterFile.configurationName) was saved with, "
          + "found others: the file was changed; remove \(key) from the configuration if that was "
          + "meant")
    }
    Log.warn(
      "\(file.path): a later save was interrupted; the adapter saved before it is used")
    return try during(file.path) { () throws(SVFTError) in
      try JSON.parse(text).root("the configuration among the metadata")
    }
  }
}
