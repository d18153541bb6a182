// The repository's text files as one value, read from disk once or invented for an example.
//
// Left out: build products, hidden files and folders (but .ci), data files, and the goldens and
// generated data under Tests/Fixtures.
import Foundation
import TestKit

/// All files a rule may look at.
struct SourceTree: Sendable {
  let files: [SourceFile]

  init(_ files: [SourceFile]) { self.files = files }

  /// The repository this test was built from.
  static let repository = SourceTree(read(SharedData.packageRoot))

  func file(_ path: String) -> SourceFile? { files.first { $0.path == path } }

  /// Library, tool and kernel sources.
  var sources: [SourceFile] { files.filter(\.isSource) }

  var swift: [SourceFile] { files.filter { $0.language == .swift } }

  var swiftSources: [SourceFile] { sources.filter { $0.language == .swift } }

  private static let endings: Set = [
    "swift", "c", "h", "cpp", "py", "sh", "map", "md", "toml", "yml", "in",
  ]
  private static let leftOut: Set = ["build", "__pycache__", "Fixtures", "checkouts"]

  private static func read(_ root: String) -> [SourceFile] {
    var folders = [""]
    var files: [SourceFile] = []
    while let folder = folders.popLast() {
      let names = try? FileManager.default.contentsOfDirectory(atPath: root + "/" + folder)
      for name in (names ?? []).sorted() where isWanted(name) {
        let path = folder.isEmpty ? name : folder + "/" + name
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(
          atPath: root + "/" + path, isDirectory: &isFolder)
        if exists, isFolder.boolValue {
          folders.append(path)
        } else if isText(name),
          let text = try? String(contentsOfFile: root + "/" + path, encoding: .utf8)
        {
          files.append(SourceFile(path, text))
        }
      }
    }
    return files.sorted { $0.path < $1.path }
  }

  private static func isWanted(_ name: String) -> Bool {
    name == ".ci" || !(name.hasPrefix(".") || leftOut.contains(name) || name.hasSuffix(".egg-info"))
  }

  private static func isText(_ name: String) -> Bool {
    let parts = name.split(separator: ".")
    return parts.count == 1 || endings.contains(String(parts[parts.count - 1]))
  }
}
