// Whether the tests run under the address sanitiser, whose shadow and quarantine are part of the
// process: figures of its memory say nothing then.
import Glibc

/// The address sanitiser.
package enum Sanitizer {
  /// Whether it is linked into this process.
  package static let isOn = dlsym(nil, "__asan_init") != nil
}
