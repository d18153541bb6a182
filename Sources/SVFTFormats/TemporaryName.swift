// Names of files and folders in the making: ".svft-tmp-" before
//
//   <machine>-<process>-<start>-<chance>   machine: 16 digits of SHA-256(boot id, namespaces)
//
// Machine, process number and start (clock ticks since the boot) name one process among all there
// ever were: a number used again has another start, another host or container another machine. So
// what a killed writer left is known for certain and removed by the next one. Anything else stays:
// what other machines left, what was left before a reboot, and every name of another form.
import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The temporary name of one file or folder.
package struct TemporaryName: Sendable, Equatable {
  /// The beginning of every temporary name.
  package static let prefix = ".svft-tmp-"

  /// The name itself.
  package let text: String

  /// A name that nobody else uses, for this process.
  package init() { self.init(process: getpid()) }

  /// A name for a running process of this machine.
  ///
  /// Where the system does not tell who that is, the name is nobody's and never removed.
  package init(process: Int32) {
    let chance = String(UInt64.random(in: .min ... .max), radix: 36)
    let owner = Owner(process: process)?.text ?? "\(process)"
    text = "\(Self.prefix)\(owner)-\(chance)"
  }

  /// Removes what killed writers left in a folder, as far as that is certain. What cannot be
  /// listed or removed stays: no save fails of it.
  package static func removeLeftovers(in folder: String) {
    guard let names = try? FileSystem.list(folder) else { return }
    for name in names where name.hasPrefix(prefix) {
      guard let owner = Owner(name.dropFirst(prefix.count)), owner.isGone else { continue }
      try? FileSystem.remove(FileSystem.join(folder, name))
    }
  }

  /// One process of one machine.
  private struct Owner: Equatable {
    let machine: String
    let process: Int32
    let start: UInt64

    var text: String { "\(machine)-\(process)-\(start)" }

    /// A running process of this machine; nil where the system does not tell.
    init?(process: Int32) {
      guard let machine = Owner.thisMachine, let start = Owner.start(of: process) else {
        return nil
      }
      (self.machine, self.process, self.start) = (machine, process, start)
    }

    /// The owner that a name tells; nil where it has another form.
    init?(_ name: Substring) {
      let parts = name.split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count == 4, let process = Int32(parts[1]), process > 0,
        let start = UInt64(parts[2]), !parts[3].isEmpty
      else { return nil }
      (machine, self.process, self.start) = (String(parts[0]), process, start)
    }

    /// Whether it is certain that this process runs no more: nobody has its number, or somebody
    /// who started at another time.
    var isGone: Bool {
      guard machine == Owner.thisMachine else { return false }
      if kill(process, 0) != 0 && errno == ESRCH { return true }
      return Owner.start(of: process).map { $0 != start } ?? false
    }

    /// Digits for the kernel that runs and the namespaces that process numbers and times are of.
    private static var thisMachine: String? {
      guard let boot = contents("/proc/sys/kernel/random/boot_id"),
        let processes = link("/proc/self/ns/pid")
      else { return nil }
      var hash = SHA256()
      for part in [boot, processes, link("/proc/self/ns/time") ?? ""] {
        hash.update(part)
      }
      return String(hash.hexadecimal.prefix(16))
    }

    /// Clock ticks from the boot to the start of a process: field 22 of its stat, counted from
    /// behind the command's name, in which anything can stand.
    private static func start(of process: Int32) -> UInt64? {
      guard let text = contents("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else {
        return nil
      }
      let fields = text[end...].split(separator: " ")
      return fields.count > 20 ? UInt64(fields[20]) : nil
    }

    /// The text of a small file of /proc, whose size the system does not tell.
    private static func contents(_ path: String) -> String? {
      guard let file = try? OpenFile(path, flags: O_RDONLY) else { return nil }
      return text { pread(file.descriptor, $0, $1, 0) }
    }

    private static func link(_ path: String) -> String? {
      text { readlink(path, $0.assumingMemoryBound(to: CChar.self), $1) }
    }

    /// At most 4095 bytes of text that the system hands out at once.
    private static func text(_ fill: (UnsafeMutableRawPointer, Int) -> Int) -> String? {
      withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { bytes in
        guard let start = bytes.baseAddress else { return nil }
        let count = fill(start, bytes.count)
        guard count > 0, count < bytes.count else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self)
      }
    }
  }
}
