// The memory of this process as the system sees it: the peak that tests and `bench` report.
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What this process has taken from the system.
package enum ProcessMemory {
  /// The most bytes that were ever resident (VmHWM), or nil where the system does not say.
  ///
  /// Not `getrusage`: its peak survives exec and would be that of the shell that started us.
  package static var peak: Int? { status("VmHWM:") }

  /// The bytes resident now (VmRSS); 0 where the system does not say.
  package static var resident: Int { status("VmRSS:") ?? 0 }

  /// A line of /proc/self/status that gives KiB.
  private static func status(_ key: String) -> Int? {
    guard let file = fopen("/proc/self/status", "re") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      guard strncmp(line, key, key.utf8.count) == 0 else { continue }
      return line.withUnsafeBufferPointer { text in
        text.baseAddress.map { strtol($0 + key.utf8.count, nil, 10) << 10 }
      }
    }
    return nil
  }
}
