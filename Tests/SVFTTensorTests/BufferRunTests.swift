// Buffers cut from a run: side by side, zeroed, charged one by one, and alive as long as one of
// them is.
import SVFTTensor
import TestKit
import Testing

@Suite struct BufferRunTests {
  private static let sizes = [1 << 15, (1 << 20) + 1, 3 << 20, 1 << 17]

  /// Threads, and what the run was told to expect: nothing, nonsense, less than it gets, that,
  /// more.
  @Test(
    arguments: [1, 2, 3],
    [[], [.min, .max, -1, .max], [1 << 20], sizes, [1 << 30, 1 << 21]])
  func buffersAreZeroedAndApart(_ threads: Int, _ expected: [Int]) throws {
    let run = BufferRun(expecting: expected, threads: threads)
    let buffers = try Self.sizes.map { try Buffer(byteCount: $0, in: run) }
    #expect(buffers.map(\.byteCount) == Self.sizes)
    #expect(buffers.allSatisfy { Int(bitPattern: $0.pointer) % 64 == 0 && !$0.isFile })
    #expect(buffers.allSatisfy { buffer in buffer.array.allSatisfy { $0 == 0 } })
    for (value, buffer) in buffers.enumerated() {
      for place in buffer.values(UInt8.self).indices {
        buffer.values(UInt8.self)[place] = UInt8(value + 1)
      }
    }
    for (value, buffer) in buffers.enumerated() {
      #expect(buffer.array.allSatisfy { $0 == UInt8(value + 1) })
    }
  }

  @Test func whatWasExpectedLiesSideBySideAndSmallThingsElsewhere() throws {
    let run = BufferRun(expecting: [8 << 20], threads: 2)
    let first = try Buffer(byteCount: 1 << 20, in: run)
    let small = try Buffer(byteCount: 100, in: run)
    let second = try Buffer(byteCount: 1 << 20, in: run)
    #expect(second.pointer == first.pointer + (1 << 20))
    let distance = small.pointer - first.pointer
    #expect(distance < 0 || distance >= 8 << 20)
  }

  @Test func aBufferOutlivesItsRunAndTheRestOfIt() throws {
    var run: BufferRun? = BufferRun(expecting: [4 << 20], threads: 1)
    var other: Buffer? = try Buffer(byteCount: 1 << 20, in: run)
    let buffer = try Buffer(byteCount: 1 << 20, in: run)
    other?.values(UInt8.self)[0] = 1
    buffer.values(UInt8.self)[5] = 7
    (run, other) = (nil, nil)
    #expect(buffer.array[5] == 7)
  }

  @Test func eachIsChargedAndCreditedByItself() throws {
    let ledger = try MemoryLedger(limit: 3 << 20)
    try ledger.keep { () throws(SVFTError) in
      let run = BufferRun(expecting: [16 << 20], threads: 2)
      var first: Buffer? = try Buffer(byteCount: 2 << 20, in: run)
      // Two more have come with it, for which there is no room: only what is asked for is there.
      #expect(ledger.used == 2 << 20)
      let error = #expect(throws: SVFTError.self) { try Buffer(byteCount: 2 << 20, in: run) }
      #expect(error?.kind == .memory)
      first = nil
      #expect(ledger.used == 0 && first == nil)
    }
  }

  @Test func aRehearsalTakesNoMemory() throws {
    let ledger = MemoryLedger.rehearsal()
    try ledger.keep { () throws(SVFTError) in
      let buffer = try Buffer(
        byteCount: 64 << 20, in: BufferRun(expecting: [64 << 20], threads: 2))
      #expect(buffer.isReserved && ledger.used == 64 << 20)
    }
  }

  /// Two huge pages at a time for two threads: what comes ahead is charged until its buffer does.
  @Test(arguments: [false, true])
  func pagesAheadAreChargedWhileThereIsRoom(_ rehearsed: Bool) throws {
    let ledger = rehearsed ? MemoryLedger.rehearsal() : try MemoryLedger(limit: 7 << 20)
    try ledger.keep { () throws(SVFTError) in
      var run: BufferRun? = BufferRun(expecting: [16 << 20], threads: 2)
      let first = try Buffer(byteCount: 1 << 20, in: run)
      #expect(ledger.used == 4 << 20)
      let second = try Buffer(byteCount: 3 << 20, in: run)
      #expect(ledger.used == 4 << 20 && ledger.peak == 4 << 20)
      let third = try Buffer(byteCount: 1 << 20, in: run)
      // Three more would go beyond the limit, which knows one by one.
      #expect(ledger.used == (rehearsed ? 8 << 20 : 5 << 20))
      run = nil
      #expect(ledger.used == 5 << 20 && run == nil)
      withExtendedLifetime((first, second, third)) {}
    }
  }
}
