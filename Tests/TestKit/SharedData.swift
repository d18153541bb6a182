// Where tests find the trained models and data that are not part of this repository: a folder
// `shared/data` beside the package. Tests that need it are skipped, and say so, where it is absent;
// under CI=true an absent folder is a failure, because then nothing would have been checked.
import Foundation

/// The folder of shared test data, if this machine has it.
package enum SharedData {
  /// `../shared/data` beside the package root, or nil.
  package static let folder: String? = {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    let path = root.deletingLastPathComponent().appendingPathComponent("shared/data").path
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }()

  /// Whether tests on shared data run: use as `.enabled(if: SharedData.isPresent, "…")`.
  /// Under CI they always run, and fail at `path` where the folder is missing.
  package static var isPresent: Bool {
    folder != nil || ProcessInfo.processInfo.environment["CI"] == "true"
  }

  /// The full path of one file or folder of the shared data.
  package static func path(_ relative: String) -> String {
    (folder ?? "missing-shared-data") + "/" + relative
  }

  /// The package's own root folder (for fixtures and house rules).
  package static let packageRoot: String = {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    return root.path
  }()
}
