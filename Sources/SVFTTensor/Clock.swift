// Time for rates, deadlines and reports. Results never depend on it.
internal import CSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The monotonic clock.
package enum Clock {
  /// Seconds since some fixed moment; only differences mean anything.
  package static func seconds() -> Double { svs_seconds() }

  /// Lets this thread sleep, at most a second.
  package static func pause(_ seconds: Double) {
    usleep(UInt32(max(0, min(1, seconds)) * 1e6))
  }
}
