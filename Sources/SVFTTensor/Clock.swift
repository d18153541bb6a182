// Time for rates, deadlines and reports. Of results only the date in a chat depends on it, where
// the model's template asks for one and the caller names none.
internal import CSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The monotonic clock, and the one on the wall.
package enum Clock {
  /// Seconds since some fixed moment; only differences mean anything.
  package static func seconds() -> Double { svs_seconds() }

  /// The wall clock of the host's time zone, as seconds since 1970.
  package static func wall() -> Int {
    var now = time(nil)
    var local = tm()
    guard localtime_r(&now, &local) != nil else { return now }
    return now + local.tm_gmtoff
  }

  /// Lets this thread sleep, at most a second.
  package static func pause(_ seconds: Double) {
    usleep(UInt32(max(0, min(1, seconds)) * 1e6))
  }
}
