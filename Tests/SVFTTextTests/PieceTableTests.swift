// Byte strings to their numbers and back.
import SVFTTensor
import SVFTText
import Testing

@Suite struct PieceTableTests {
  @Test func everyStringIsFoundUnderItsNumber() throws {
    let strings = (0..<5000).map { Array(String($0 * 37, radix: 5).utf8) }
    let table = try PieceTable(strings)
    for (number, string) in strings.enumerated() {
      #expect(table.find(string) == Int32(number))
      #expect(table[number] == string)
      #expect(table.find(string + [0]) == nil)
    }
    #expect(table.longest == strings.map(\.count).max())
    #expect(table[-1].isEmpty && table[5000].isEmpty)
  }

  @Test func stringsThatAreNotToBeFoundTakeTheirNumbers() throws {
    let table = try PieceTable([[1], nil, [2, 3]])
    #expect(table.find([2, 3]) == 2)
    #expect(table.count == 3)
    #expect(table.find([]) == nil)
    #expect(table.find([9, 2, 3, 9], 1..<3) == 2)
  }

  @Test func equalStringsAreRefused() {
    let error = failure { _ = try PieceTable([[65], [66], [65]]) }
    #expect(error?.kind == .format)
    #expect(error?.message.contains("“A” as 0 and 2") == true)
  }
}
