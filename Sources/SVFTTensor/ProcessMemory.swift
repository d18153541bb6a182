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
  package static var peak: Int? {
    guard let file = fopen("/proc/self/status", "re") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      guard strncmp(line, "VmHWM:", 6) == 0 else { continue }
      return line.withUnsafeBufferPointer { text in
        text.baseAddress.map { strtol($0 + 6, nil, 10) << 10 }
      }
    }
    return nil
  }
}
