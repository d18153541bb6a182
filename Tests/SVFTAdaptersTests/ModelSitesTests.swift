// Targets by name or dotted end, and what is said when nothing is meant.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import Testing

@Suite struct ModelSitesTests {
  @Test func targetsAreNamesOrDottedEnds() throws {
    let sites = try TinyChain().sites
    func names(_ rule: TargetRule) throws -> [String] { try sites.projections(rule).map(\.name) }
    #expect(try names(.ends(["q_proj"])) == ["body.layers.0.q_proj"])
    #expect(try names(.ends(["0.q_proj", "up_proj"])).count == 2)
    #expect(try names(.ends(["classifier"])) == ["classifier"])
    #expect(try names(.allLinear).count == 3)
    #expect(try names(.everything).count == 4)
  }

  @Test(arguments: ["proj", "_proj", "v_proj", "body", ""])
  func targetsThatNameNothingSayWhatThereIs(target: String) throws {
    let sites = try TinyChain().sites
    do {
      _ = try sites.projections(.ends([target]))
      Issue.record("\(target) was found")
    } catch {
      #expect(error.kind == .mismatch)
      #expect(error.message.contains("q_proj, up_proj, down_proj, classifier"))
    }
  }

  @Test(arguments: ["proj", "q_prj", "all-linear", ""])
  func aMisspeltTargetAmongOthersIsNamed(target: String) throws {
    let sites = try TinyChain().sites
    for call in [
      { _ = try sites.projections(.ends(["q_proj", target])) },
      { _ = try sites.slots(.ends(["q_proj", target])) },
    ] as [() throws -> Void] {
      let failure = #expect(throws: SVFTError.self) { try call() }
      #expect(failure?.kind == .mismatch)
      #expect(failure?.message.contains("found \(target.debugDescription), which names") == true)
      #expect(failure?.message.contains("q_proj, up_proj, down_proj, classifier") == true)
    }
  }

  @Test func everyTensorIsListedOnce() throws {
    let sites = try TinyChain().sites
    #expect(sites.slots.count == 7)
    #expect(Set(sites.slots.map(\.name)).count == 7)
  }
}
