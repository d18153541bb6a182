// Numbers by patterns: order, bounds.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import Testing

@Suite struct ModulePatternsTests {
  private func ranks(_ patterns: JSON) throws -> [Int] {
    let method = try TinyChain().method(["method": "lora", "r": 2, "rank_pattern": patterns])
    return method.parameters.filter { $0.name.hasSuffix("lora_A.weight") }.map { $0.shape[0] }
  }

  @Test func theFirstThatMeansAModuleCounts() throws {
    // q_proj, up_proj, down_proj
    #expect(try ranks(["(up|q)_proj": 3, "up_proj": 4, ".*": 5]) == [3, 3, 5])
    #expect(try ranks(["up_proj": 4, "(up|q)_proj": 3]) == [3, 4, 2])
    #expect(try ranks([#"body\.layers\.\d\.down.*"#: 7]) == [2, 2, 7])
  }

  @Test func allTogetherAreBounded() throws {
    var many = JSON.Object()
    for number in 0..<20 { many["(x{500})\(number)"] = 1 }
    let failure = #expect(throws: SVFTError.self) { try ranks(.object(many)) }
    #expect(failure?.kind == .limit)
    // Names without signs of their own cost nothing.
    let plain: JSON = ["layers.0.q_proj": 3, "body.layers.0.q_proj": 4, "down_proj": 5]
    #expect(try ranks(plain) == [3, 2, 5])
  }

  @Test func aBrokenOneIsNamed() throws {
    let failure = #expect(throws: SVFTError.self) { try ranks(["(q": 1]) }
    #expect(failure?.kind == .invalidArgument)
    #expect(failure?.message.contains("rank_pattern") == true)
    #expect(failure?.message.contains("(q") == true)
  }
}
