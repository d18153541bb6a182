// What lies at a path that was given for a model and holds none, and what to give in its place. The
// usual mistakes are a folder too high, a file in place of its folder, and an adapter in place of
// its model. For messages only: nothing is opened because of it.
import SVFTFormats
import SVFTTensor

extension Checkpoint {
  /// The error of a folder without config.json.
  static func misplaced(folder: String) throws(SVFTError) -> SVFTError {
    let isEmpty = try FileSystem.list(folder).isEmpty
    let found = try contents(of: folder) ?? (isEmpty ? "an empty folder" : "no config.json in it")
    return SVFTError(.io, "\(folder): expected a model folder, found \(found)")
  }

  /// The error of a file of a model folder or an adapter folder; nil for another.
  static func misplaced(file: String) throws(SVFTError) -> SVFTError? {
    let isKnown = try isSafetensors(file)
    guard isKnown || file.hasSuffix(".json") else { return nil }
    let folder = FileSystem.parent(file) ?? "/"
    func isBeside(_ name: String) -> Bool { isFile(FileSystem.join(folder, name)) }
    let isOfAdapter = FileSystem.name(file).hasPrefix("adapter_")
    let found =
      if !isOfAdapter, isBeside("config.json") {
        "a file of one: give its folder, \(folder)"
      } else if isBeside(adapterConfiguration) {
        "a file of an adapter: give the model it was trained on, and \(folder) as the adapter"
      } else {
        "a file without the config.json that belongs to it: give a folder that holds both"
      }
    return SVFTError(.format, "\(file): expected a model folder or a .gguf file, found \(found)")
  }

  /// What a folder without a model's files holds, and what to give in its place; nil for what is
  /// not known.
  static func contents(of folder: String) throws(SVFTError) -> String? {
    let names = try FileSystem.list(folder)
    if names.contains(adapterConfiguration) { return adapter(folder) }
    if names.contains("snapshots"), names.contains("blobs") || names.contains("refs") {
      return try snapshot(folder)
    }
    if let file = try TensorFile.pyTorchFile(in: folder) {
      return "\(file), which is not read: convert it to safetensors"
    }
    let files = names.filter { $0.hasSuffix(".gguf") }
    if let first = files.first {
      return files.count == 1
        ? "\(first): give that file" : "\(files.count) .gguf files: give one, say \(first)"
    }
    if let below = names.first(where: { isModel(FileSystem.join(folder, $0)) }) {
      return "a model in the folder \(below) below it: give that folder"
    }
    return others.first { names.contains($0.name) }.map { "\($0.name), \($0.meaning)" }
  }

  private static let adapterConfiguration = "adapter_config.json"

  private static let others: [(name: String, meaning: String)] = [
    ("params.json", "of a model as its makers keep it: take the one that transformers reads"),
    ("model_index.json", "of a pipeline of diffusers, which is not read"),
    ("saved_model.pb", "of TensorFlow, which is not read: convert it to safetensors"),
    ("tf_model.h5", "of TensorFlow, which is not read: convert it to safetensors"),
    ("flax_model.msgpack", "of Flax, which is not read: convert it to safetensors"),
  ]

  private static func adapter(_ folder: String) -> String {
    let config = try? JSON.read(FileSystem.join(folder, adapterConfiguration)).root("it")
    let base = try? config?.string("base_model_name_or_path")
    let words = base.map { $0.isEmpty ? "" : " (\($0.debugDescription))" } ?? ""
    return "an adapter: give the model it was trained on\(words), and this folder as the adapter"
  }

  /// A folder of the hub's cache keeps the files under the revision that it has of them.
  private static func snapshot(_ folder: String) throws(SVFTError) -> String {
    let place = FileSystem.join(folder, "snapshots")
    let all = ((try? FileSystem.list(place)) ?? []).filter { name in
      isFile(FileSystem.join(FileSystem.join(place, name), "config.json"))
    }
    let main = try? FileSystem.read(FileSystem.join(folder, "refs/main"), limit: 256)
    let revision = main.map { buffer in
      withExtendedLifetime(buffer) { String(decoding: buffer.bytes, as: UTF8.self) }
    }
    guard let name = all.first(where: { revision?.hasPrefix($0) == true }) ?? all.last else {
      return "a cache folder of the Hugging Face hub without a whole model: download it again"
    }
    return "a cache folder of the Hugging Face hub: give its snapshot, "
      + FileSystem.join(place, name)
  }

  /// Whether a folder has a model's configuration and weights.
  private static func isModel(_ folder: String) -> Bool {
    isFile(FileSystem.join(folder, "config.json"))
      && ["model.safetensors", "model.safetensors.index.json"].contains {
        isFile(FileSystem.join(folder, $0))
      }
  }

  private static func isSafetensors(_ path: String) throws(SVFTError) -> Bool {
    let file = try MappedFile(path)
    defer { withExtendedLifetime(file) {} }
    let bytes = file.bytes
    guard bytes.count > 8, bytes[8] == UInt8(ascii: "{") else { return false }
    return UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)) <= UInt64(bytes.count - 8)
  }

  /// Whether there is a file; what may not be seen is none.
  private static func isFile(_ path: String) -> Bool { (try? FileSystem.isFile(path)) == true }
}
