// Hashes are written down per file and believed as long as the file is the same.
import Foundation
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct HashBookTests {
  private static let digits = String(repeating: "ab", count: 32)

  /// A matrix that says where it came from.
  private func slot(_ origin: String?, _ first: Float = 3) throws -> Slot {
    let bytes = try Buffer(of: Float.self, count: 4)
    _ = bytes.values(Float.self).update(from: [first, 0, 0, 1])
    return try Slot(
      name: "w", weight: Weight(format: ElementFormats.f32, rows: 2, columns: 2, bytes: bytes),
      shape: [2, 2], origin: origin)
  }

  private func hash(_ cache: String, _ slot: Slot) throws -> String {
    let store = FactorStore(cacheFolder: cache)
    _ = try store.factors([slot])
    return store.hash(slot)
  }

  private func book(_ cache: String) throws -> [String: String] {
    let object = try JSON.read(cache + "/hashes.json").root("hashes.json")
    var entries: [String: String] = [:]
    for (key, value) in object.members { entries[key] = try value.string(key) }
    return entries
  }

  @Test func aHashIsTakenFromTheBookForTheSameFileOnly() throws {
    let folder = try TemporaryFolder()
    let cache = folder.file("cache")
    let true3 = try slot("file-1 w").canonicalHash()
    #expect(try hash(cache, slot("file-1 w")) == true3)
    #expect(try book(cache) == ["file-1 w F32": true3])
    // The book is believed: what it says is what one gets, without a look at the bytes.
    try folder.write("cache/hashes.json", "{\"file-1 w F32\": \"\(Self.digits)\"}")
    #expect(try hash(cache, slot("file-1 w")) == Self.digits)
    // Another file, another tensor, or no identity: not.
    let other = try slot("file-2 w", 5)
    #expect(try hash(cache, other) == other.canonicalHash())
    #expect(try hash(cache, slot(nil)) == true3)
    #expect(try book(cache).count == 2)
  }

  @Test(arguments: ["{", "[]", "{\"file-1 w F32\": 7}", "{\"file-1 w F32\": \"../../etc/passwd\"}"])
  func aDamagedBookIsWrittenAnew(_ text: String) throws {
    let folder = try TemporaryFolder()
    let cache = folder.file("cache")
    try FileSystem.makeFolder(cache)
    try folder.write("cache/hashes.json", text)
    let slot = try slot("file-1 w")
    #expect(try hash(cache, slot) == slot.canonicalHash())
    #expect(try book(cache) == ["file-1 w F32": slot.canonicalHash()])
  }

  /// More matrices than threads, one of them twice and two without a file.
  @Test func matricesHashedSideBySideGetEachItsOwnHash() throws {
    let cache = try TemporaryFolder().file("cache")
    let slots = try (0..<7).map { try slot($0 < 5 ? "file-1 w\($0)" : nil, Float(2 + $0)) }
    let store = FactorStore(cacheFolder: cache, threads: 3)
    _ = try store.factors(slots + [slots[2]])
    #expect(slots.map(store.hash) == slots.map { $0.canonicalHash() })
    let expected = slots.prefix(5).map { ($0.origin.map { "\($0) F32" } ?? "", $0.canonicalHash()) }
    #expect(try book(cache) == Dictionary(uniqueKeysWithValues: expected))
  }

  @Test func aBookThatCannotBeWrittenFailsNobody() throws {
    let folder = try TemporaryFolder()
    try folder.write("cache", "a file where a folder should be")
    let slot = try slot("file-1 w")
    #expect(try hash(folder.file("cache"), slot) == slot.canonicalHash())
  }

  @Test func withoutACacheFolderNothingIsWrittenDown() throws {
    let store = FactorStore()
    let slot = try slot("file-1 w")
    #expect(store.hash(slot) == slot.canonicalHash())
  }
}
