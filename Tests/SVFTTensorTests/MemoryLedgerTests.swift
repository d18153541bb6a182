// Ledgers: what they count, what they refuse, and that a rehearsal takes nothing.
import SVFTTensor
import Testing

@Suite struct MemoryLedgerTests {
  @Test func buffersAreCountedWhileTheyLive() throws {
    let ledger = try MemoryLedger(limit: 0)
    try ledger.keep { () throws(SVFTError) in
      let small = try Buffer(byteCount: 100)
      #expect(ledger.used == 128)
      do {
        let large = try Buffer(byteCount: 3 << 20)
        #expect(ledger.used == 128 + (3 << 20))
        withExtendedLifetime(large) {}
      }
      withExtendedLifetime(small) {}
    }
    #expect(ledger.used == 0 && ledger.peak == 128 + (3 << 20))
    let outside = try Buffer(byteCount: 64)
    withExtendedLifetime(outside) { #expect(ledger.used == 0) }
  }

  @Test func beyondTheLimitNothingIsTaken() throws {
    let ledger = try MemoryLedger(limit: 4096)
    try ledger.keep { () throws(SVFTError) in
      let first = try Buffer(byteCount: 4000)
      let failure = #expect(throws: SVFTError.self) { try Buffer(byteCount: 64 << 20) }
      #expect(failure?.kind == .memory)
      #expect(failure?.message.contains("memory_limit = 4096") == true)
      #expect(ledger.used == 4032)
      try ledger.require(64)
      #expect(throws: SVFTError.self) { try ledger.require(65) }
      withExtendedLifetime(first) {}
    }
    #expect(throws: SVFTError.self) { try MemoryLedger(limit: -1) }
  }

  @Test func aRehearsalTakesAddressesOnly() throws {
    let before = ProcessMemory.resident
    let ledger = MemoryLedger.rehearsal(used: 1000)
    try ledger.keep { () throws(SVFTError) in
      let huge = try Buffer(byteCount: 64 << 30)
      #expect(huge.isReserved && MemoryLedger.isRehearsing)
      huge.values(Float.self)[1 << 30] = 1
      #expect(huge.values(Float.self)[1 << 30] == 1)
      ledger.dropReservedPages()
      #expect(huge.values(Float.self)[1 << 30] == 0)
    }
    #expect(ledger.peak == 1000 + (64 << 30) && ledger.used == 1000)
    #expect(!MemoryLedger.isRehearsing)
    #expect(ProcessMemory.resident - before < 8 << 30)
  }

  @Test func whatDoesNotFitIsForeseen() throws {
    let ledger = try MemoryLedger(limit: 1 << 20)
    try ledger.foresee("work", advice: { "no" }) { () throws(SVFTError) in
      _ = try Buffer(byteCount: 1 << 19)
    }
    let failure = #expect(throws: SVFTError.self) {
      try ledger.foresee("work", advice: { "half of it would fit" }) { () throws(SVFTError) in
        let parts = try [Buffer(byteCount: 1 << 20), Buffer(byteCount: 64)]
        withExtendedLifetime(parts) {}
      }
    }
    #expect(failure?.kind == .memory && ledger.used == 0)
    #expect(failure?.message.contains("needs 1048640") == true)
    #expect(failure?.message.contains("half of it would fit") == true)
  }

  @Test func ledgersNestAndThreadsHaveTheirOwn() throws {
    let (outer, inner) = (try MemoryLedger(limit: 0), try MemoryLedger(limit: 0))
    try outer.keep { () throws(SVFTError) in
      try inner.keep { () throws(SVFTError) in
        #expect(MemoryLedger.current === inner)
        Parallel.run(threads: 2) { team in
          if team.id > 0 { #expect(MemoryLedger.current == nil) }
        }
      }
      #expect(MemoryLedger.current === outer)
    }
    #expect(MemoryLedger.current == nil)
  }
}
