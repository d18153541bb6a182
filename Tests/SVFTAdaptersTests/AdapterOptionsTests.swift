// Options as every door passes them, and the registry of methods they choose from.
import SVFTAdapters
import SVFTFormats
import SVFTTensor
import Testing

@Suite struct AdapterOptionsTests {
  @Test func methodAndSeedAreRead() throws {
    let options = try AdapterOptions(["method": "lora", "seed": -3])
    #expect(try options.method().name == "lora")
    #expect(options.seed == UInt64(bitPattern: -3))
    #expect(try AdapterOptions(["method": "svft"]).seed == 0)
    #expect(try AdapterOptions([:]).method().name == "svft")
    let large = try JSON.parse(#"{"method":"svft","seed":18446744073709551615}"#)
    #expect(try AdapterOptions(large).seed == .max)
  }

  @Test(arguments: [
    #"{"method":7}"#, #"{"method":"lora","seed":"x"}"#, #"7"#, #"null"#,
  ])
  func wrongTypesAreBadArguments(text: String) throws {
    do {
      _ = try AdapterOptions(JSON.parse(text)).method()
      Issue.record("\(text) was accepted")
    } catch {
      #expect(error.kind == .invalidArgument)
      if text.contains("seed") { #expect(error.message.hasPrefix("seed: ")) }
    }
  }

  @Test func namesOfMethodsAreUniqueAndListed() {
    let names = AdapterMethods.all.map { $0.name }
    #expect(Set(names).count == names.count)
    #expect(Set(AdapterMethods.all.map { $0.fileType }).count == names.count)
    do {
      _ = try AdapterMethods.named("unknown")
      Issue.record("an unknown method was found")
    } catch {
      #expect(error.kind == .unsupported)
      #expect(names.allSatisfy { error.message.contains($0) })
    }
  }
}
