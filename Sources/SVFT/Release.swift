// Which release this is.

/// The release of libsvft.
public enum Release {
  /// Semantic version; the ABI version of the C header is counted apart.
  public static let version = "0.1.0"
}
