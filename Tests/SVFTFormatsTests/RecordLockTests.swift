// Rights to records: one holder each, threads of one process included, gone with their holder.
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct RecordLockTests {
  @Test func aRecordHasOneHolderAndOthersAreFree() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("locks")
    for record in [0, 7, UInt64.max] {
      var first = try RecordLock(path, record: record)
      #expect(first != nil)
      #expect(try RecordLock(path, record: record) == nil)
      #expect(try RecordLock(path, record: record ^ 0x8000) != nil)
      first = nil
      #expect(try RecordLock(path, record: record) != nil)
    }
  }

  @Test func aFileThatCannotBeMadeIsAnIOError() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: SVFTError.self) {
      try RecordLock(folder.file("nowhere/locks"), record: 1)
    }
    #expect(error?.kind == .io)
  }
}
