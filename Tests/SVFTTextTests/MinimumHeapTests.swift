// A heap gives back everything, smallest first.
import SVFTText
import Testing

@Suite struct MinimumHeapTests {
  @Test(arguments: 0..<40) func keysLeaveInOrder(_ count: Int) {
    var heap = MinimumHeap()
    let keys = (0..<UInt64(count)).map { $0 &* 0x9E37_79B9_7F4A_7C15 >> 60 }
    for key in keys { heap.push(key) }
    var popped: [UInt64] = []
    while let first = heap.first {
      popped.append(first)
      let taken = heap.pop()
      #expect(taken == first)
    }
    #expect(popped == keys.sorted())
    let nothing = heap.pop()
    #expect(nothing == nil)
  }
}
