// Time for rates, deadlines and reports. Results never depend on it.
internal import CSystem

/// The monotonic clock.
package enum Clock {
  /// Seconds since some fixed moment; only differences mean anything.
  package static func seconds() -> Double { svs_seconds() }
}
