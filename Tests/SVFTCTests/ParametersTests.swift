// Params structs of hosts that were compiled with an older or a newer svft.h.
import CSVFT
import TestKit
import Testing

@Suite struct ParametersTests {
  /// Memory for one params struct and what a later release may have appended.
  private final class Struct {
    private let start = UnsafeMutableRawPointer.allocate(byteCount: 2048, alignment: 16)

    init() { _ = memory.initializeMemory(as: UInt8.self, repeating: 0xEE) }
    deinit { start.deallocate() }

    var memory: UnsafeMutableRawBufferPointer {
      UnsafeMutableRawBufferPointer(start: start, count: 2048)
    }

    func of<Params>(_ type: Params.Type) -> UnsafeMutablePointer<Params> {
      start.assumingMemoryBound(to: type)
    }
  }

  private func check<Params>(
    _ type: Params.Type, _ initialise: (UnsafeMutablePointer<Params>, Int) -> svft_status
  ) {
    let exact = MemoryLayout<Params>.size
    for wrong in [0, 4, 8, 12, exact - 4, exact + 4, exact + 1032, -1, Int.max] {
      let given = Struct()
      #expect(initialise(given.of(type), wrong) == number(SVFT_INVALID_ARGUMENT), "\(wrong)")
      #expect(lastError().hasPrefix("struct_size"))
      #expect(given.memory.allSatisfy { $0 == 0xEE })
    }
    let whole = Struct()
    #expect(initialise(whole.of(type), exact) == 0)
    for size in [16, exact - 8, exact, exact + 8, exact + 1024] {
      let given = Struct()
      #expect(initialise(given.of(type), size) == 0)
      #expect(given.memory.load(as: UInt32.self) == UInt32(size))
      let known = min(size, exact)
      #expect(given.memory[4..<known].elementsEqual(whole.memory[4..<known]))
      #expect(given.memory[known..<size].allSatisfy { $0 == 0 })
      #expect(given.memory[size...].allSatisfy { $0 == 0xEE })
    }
  }

  @Test func everySizeOfAnyReleaseIsFilled() {
    check(svft_model_params.self) { svft_model_params_init($0, $1) }
    check(svft_generation_params.self) { svft_generation_params_init($0, $1) }
    check(svft_train_params.self) { svft_train_params_init($0, $1) }
  }

  @Test func whatAnOlderHostLacksHasItsDefault() throws {
    let host = try TinyHost()
    // One header ended after `top_k`: what follows is the host's own, and no params.
    let texts = try [16, MemoryLayout<svft_generation_params>.size].map { size in
      let given = Struct()
      let params = given.of(svft_generation_params.self)
      try succeed(svft_generation_params_init(params, size))
      (params.pointee.max_tokens, params.pointee.temperature) = (6, 0)
      return try withStrings(["The lamp"]) { prompts in
        try text { svft_generate(host.model, prompts, 1, params, nil, nil, $0) }
      }
    }
    #expect(texts[0] == texts[1] && !texts[0].isEmpty)
  }

  @Test func whatANewerHostHasMoreMustBeZero() throws {
    let host = try TinyHost()
    let given = Struct()
    let params = given.of(svft_generation_params.self)
    let exact = MemoryLayout<svft_generation_params>.size
    try succeed(svft_generation_params_init(params, exact + 16))
    params.pointee.max_tokens = 4
    try withStrings(["The lamp"]) { prompts in
      _ = try text { svft_generate(host.model, prompts, 1, params, nil, nil, $0) }
      given.memory.storeBytes(of: 1, toByteOffset: exact + 9, as: UInt8.self)
      var out: UnsafeMutablePointer<CChar>?
      #expect(
        svft_generate(host.model, prompts, 1, params, nil, nil, &out)
          == number(SVFT_INVALID_ARGUMENT))
      #expect(lastError().hasPrefix("struct_size: expected \(exact) bytes"))
    }
  }
}
