// Version, statuses, strings and logging of svft.h.
package import CSVFT
import SVFT
import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@c @implementation package func svft_abi_version() -> UInt32 { UInt32(SVFT_ABI_VERSION) }

/// Texts that live as long as the process, so that C may keep pointers to them.
private struct StaticTexts: @unchecked Sendable {
  let version = UnsafePointer<CChar>(strdup(Release.version))
  let empty = UnsafePointer<CChar>(strdup(""))
  let ok = UnsafePointer<CChar>(strdup("ok"))
  let unknown = UnsafePointer<CChar>(strdup("unknown status"))
  let kinds: [Int32: UnsafePointer<CChar>?]

  init() {
    kinds = SVFTError.Kind.allCases.reduce(into: [:]) { texts, kind in
      texts[kind.rawValue] = UnsafePointer(strdup(kind.title))
    }
  }

  static let all = StaticTexts()
}

@c @implementation package func svft_version() -> UnsafePointer<CChar>? { StaticTexts.all.version }

@c @implementation package func svft_status_string(_ status: svft_status) -> UnsafePointer<CChar>? {
  if status == 0 { return StaticTexts.all.ok }
  return StaticTexts.all.kinds[status] ?? StaticTexts.all.unknown
}

@c @implementation package func svft_last_error() -> UnsafePointer<CChar>? {
  LastError.text ?? StaticTexts.all.empty
}

@c @implementation package func svft_string_free(_ string: UnsafeMutablePointer<CChar>?) {
  free(string)
}

@c @implementation package func svft_set_log_callback(
  _ callback: svft_log_callback?, _ user: UnsafeMutableRawPointer?
) {
  Log.install(callback, user: user)
}
