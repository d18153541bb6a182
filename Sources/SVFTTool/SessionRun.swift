// A session of one run of the tool: restored from its file where there is one, saved afterwards.
// What was generated before Ctrl-C is saved too; where saving fails then, the first failure is
// told.
import Foundation
package import SVFT

/// A session and the file it lives in.
package struct SessionRun {
  private let session: Session
  private let file: String

  /// Restores the session, or begins one where there is no file. Throws `.io` where none could be
  /// written either: better now than after a long text.
  package init(_ model: Model, file: String) throws(SVFTError) {
    let exists = FileManager.default.fileExists(atPath: file)
    let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw SVFTError(
        .io, "\(file): expected a file in a folder that can be written to, found none at \(folder)")
    }
    session = try exists ? model.session(restoring: file) : model.session()
    self.file = file
  }

  /// Runs `generate` and saves what came of it.
  package func continued(
    _ generate: (Session) throws(SVFTError) -> Generation
  ) throws(SVFTError) -> Generation {
    let made: Generation
    do throws(SVFTError) {
      made = try generate(session)
    } catch {
      if error.kind == .cancelled { try? session.save(to: file) }
      throw error
    }
    try session.save(to: file)
    return made
  }
}
