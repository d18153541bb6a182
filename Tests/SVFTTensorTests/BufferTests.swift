// Memory with an owner: zeroed, aligned, sliced within bounds, and refused instead of trapped.
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct BufferTests {
  @Test(arguments: [0, 1, 63, 64, 65, 1 << 21, (1 << 21) + 1])
  func ownMemoryIsZeroedAndAligned(_ size: Int) throws {
    let buffer = try Buffer(byteCount: size)
    #expect(buffer.byteCount == size)
    #expect(Int(bitPattern: buffer.pointer) % 64 == 0)
    #expect(withExtendedLifetime(buffer) { buffer.bytes.allSatisfy { $0 == 0 } })
  }

  @Test func absurdSizesAreErrors() {
    for size in [-1, Int.min, Int.max, 1 << 47] {
      #expect(#expect(throws: SVFTError.self) { try Buffer(byteCount: size) }?.kind == .limit)
    }
    let error = #expect(throws: SVFTError.self) { try Buffer(of: Double.self, count: Int.max / 4) }
    #expect(error?.kind == .limit)
  }

  /// The largest request that is passed on to the system; no machine has it.
  @Test func memoryThatIsNotThereIsAnError() {
    let error = #expect(throws: SVFTError.self) { try Buffer(byteCount: 1 << 46) }
    #expect(error?.kind == .memory)
  }

  @Test func valuesLeaveOutAPartialElement() throws {
    let buffer = try Buffer(byteCount: 11)
    #expect(buffer.values(Float.self).count == 2)
    #expect(try Buffer(of: UInt16.self, count: 3).byteCount == 6)
  }

  @Test func aSliceSeesTheSameBytesAndKeepsThemAlive() throws {
    var buffer: Buffer? = try Buffer(byteCount: 16)
    buffer?.values(UInt8.self)[9] = 7
    let slice = try #require(try buffer?.slice(offset: 8, byteCount: 4))
    buffer = nil
    #expect(withExtendedLifetime(slice) { Array(slice.bytes) } == [0, 7, 0, 0])
    #expect(try slice.slice(offset: 4, byteCount: 0).byteCount == 0)
  }

  @Test func slicesOutsideAreErrors() throws {
    let buffer = try Buffer(byteCount: 16)
    for (offset, size) in [(0, 17), (17, 0), (-1, 1), (1, -1), (8, 9), (.max, .max), (1, .max)] {
      let error = #expect(throws: SVFTError.self) {
        try buffer.slice(offset: offset, byteCount: size)
      }
      #expect(error?.kind == .internal)
    }
  }

  @Test func borrowedMemoryKeepsItsOwner() throws {
    final class Owner {
      let bytes = UnsafeMutableRawPointer.allocate(byteCount: 4, alignment: 4)
      deinit { bytes.deallocate() }
    }
    var owner: Owner? = Owner()
    weak let watched = owner
    var buffer: Buffer? = try Buffer(
      borrowing: #require(owner).bytes, byteCount: 4, from: #require(owner))
    owner = nil
    #expect(watched != nil)
    withExtendedLifetime(buffer) {}
    buffer = nil
    #expect(watched == nil)
  }

  @Test func pagesOfAFileGoAndComeAgainAndOtherMemoryStays() throws {
    let folder = try TemporaryFolder()
    let numbers = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    let file = try MappedFile(folder.write("pages", numbers)).buffer
    func isWhole(_ buffer: Buffer) -> Bool { buffer.array == numbers }
    func resident() throws -> Int { try #require(try ResidentMemory.bytes(of: file.pointer)) }
    #expect(isWhole(file))
    #expect(try resident() >= numbers.count)
    // Half of it, from and to the middle of pages.
    try file.slice(offset: 1000, byteCount: numbers.count / 2).releasePages()
    let half = try resident()
    #expect(half <= numbers.count / 2 + 3 * 16_384 && half >= numbers.count / 2 - 16_384)
    file.releasePages()
    #expect(try resident() == 0)
    #expect(isWhole(file))
    #expect(try resident() >= numbers.count)
    let own = try Buffer(numbers)
    own.releasePages()
    #expect(isWhole(own))
    let borrowed = Buffer(borrowing: own.pointer, byteCount: own.byteCount, from: own)
    borrowed.releasePages()
    #expect(isWhole(own))
  }
}
