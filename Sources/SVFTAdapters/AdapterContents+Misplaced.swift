// What lies at a path that was given for an adapter's folder and is none, and what to give in its
// place. For messages only: nothing is opened because of it.
import SVFTFormats
import SVFTTensor

extension AdapterContents {
  /// Throws `.io` where a path is no folder with an adapter's configuration.
  static func requireAdapter(in path: String) throws(SVFTError) {
    let name = AdapterFile.configurationName
    guard try !FileSystem.isFile(FileSystem.join(path, name)) else { return }
    let found =
      switch try FileSystem.kind(path) {
      case .folder: try contents(of: path) ?? "no \(name) in it"
      case .file: "a file: " + (try advice(on: path))
      case .other: "neither folder nor file"
      case nil: "nothing"
      }
    throw SVFTError(.io, "\(path): expected the folder of an adapter, found \(found)")
  }

  private static func contents(of folder: String) throws(SVFTError) -> String? {
    func holds(_ name: String) -> Bool {
      (try? FileSystem.isFile(FileSystem.join(folder, name))) == true
    }
    if holds("config.json") {
      return "a model: give an adapter that was trained on one, or import the model as a change"
    }
    let below = try FileSystem.list(folder).last {
      holds(FileSystem.join($0, AdapterFile.configurationName))
    }
    return below.map { "one in the folder \($0) below it: give that folder" }
  }

  private static func advice(on file: String) throws(SVFTError) -> String {
    if try TensorFile.isGGUF(file) { return "import it, as LoRA in GGUF files is" }
    let folder = FileSystem.parent(file) ?? "/"
    let isBeside = try FileSystem.isFile(FileSystem.join(folder, AdapterFile.configurationName))
    return isBeside
      ? "give its folder, \(folder)" : "give a folder with \(AdapterFile.configurationName) too"
  }
}
