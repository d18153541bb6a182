// Hashes of base tensors, written down in <cache folder>/hashes.json so that a large file is hashed
// once and not at every start:
//
//   "<identity of the file> <tensor> <format>": SHA-256 in hexadecimal digits
//
// An identity changes with the file (MappedFile+Identity.swift); tensors without one are hashed
// each time. Two processes may overwrite each other's additions, which then are made again. Like
// the factors beside it, the book never fails its user.
import SVFTFormats
import SVFTLayers
import SVFTTensor

/// What is known of the tensors of files.
final class HashBook: @unchecked Sendable {
  private static let name = "hashes.json"
  /// Beyond this many entries a book is begun anew: most of its files are long gone.
  private static let limit = 1 << 16

  private let folder: String
  private var entries: JSON.Object?
  private var hasNews = false

  init(folder: String) { self.folder = folder }

  private var path: String { FileSystem.join(folder, Self.name) }

  /// The hash of a tensor; nil where the book does not have it.
  func hash(of slot: Slot) -> String? {
    guard let key = key(slot), case .string(let hash)? = read()[key] else { return nil }
    // Factors are looked for under this name: it must be a hash and no path.
    let digits = "0123456789abcdef"
    guard hash.utf8.count == 64, hash.allSatisfy({ digits.contains($0) }) else { return nil }
    return hash
  }

  /// Notes a hash, to be written later.
  func note(_ hash: String, of slot: Slot) {
    guard let key = key(slot) else { return }
    var entries = read()
    guard entries[key] != .string(hash) else { return }
    // Held twice it would be copied for each note.
    self.entries = nil
    if entries.count >= Self.limit { entries = JSON.Object() }
    entries[key] = .string(hash)
    self.entries = entries
    hasNews = true
  }

  /// Writes what is new.
  func write() {
    guard hasNews else { return }
    hasNews = false
    do throws(SVFTError) {
      try FileSystem.makeFolder(folder)
      try AtomicFile.write(path, text: JSON.object(read()).text(.compact))
    } catch {
      Log.warn("hashes of tensors are not kept: \(error.message)")
    }
  }

  private func key(_ slot: Slot) -> String? {
    slot.origin.map { "\($0) \(slot.weight.format.name)" }
  }

  private func read() -> JSON.Object {
    if let entries { return entries }
    var found = JSON.Object()
    do throws(SVFTError) {
      if try FileSystem.isFile(path) { found = try JSON.read(path).root(path) }
    } catch {
      Log.warn("hashes of tensors are computed again: \(error.message)")
    }
    entries = found
    return found
  }
}
