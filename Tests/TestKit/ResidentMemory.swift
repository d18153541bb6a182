// How much of a mapping this process really holds, by what Linux says of it in /proc/self/smaps.
// Not mincore: that tells what the page cache has, which keeps a file's pages when we let them go.
import Glibc
import SVFTTensor

/// Pages in memory.
package enum ResidentMemory {
  /// Bytes in memory of the mapping in which `pointer` lies; nil where it lies in none.
  package static func bytes(of pointer: UnsafeRawPointer) throws -> Int? {
    let address = UInt64(UInt(bitPattern: pointer))
    var isInside = false
    // Line by line: the kernel gives it in pieces, and Foundation takes the first for the whole.
    guard let file = fopen("/proc/self/smaps", "r") else {
      throw SVFTError(.io, "cannot open /proc/self/smaps")
    }
    var (line, room): (UnsafeMutablePointer<CChar>?, Int) = (nil, 0)
    defer {
      free(line)
      fclose(file)
    }
    while getline(&line, &room, file) > 0, let line {
      let words = String(cString: line).split { $0 == " " || $0 == "\n" }
      guard words.count > 1 else { continue }
      let bounds = words[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
      if bounds.count == 2 {
        isInside = bounds[0] <= address && address < bounds[1]
      } else if isInside, words[0] == "Rss:" {
        return Int(words[1]).map { $0 * 1024 }
      }
    }
    return nil
  }
}
