// One version, wherever it is written down.
import Foundation
import SVFT
import TestKit
import Testing

@Suite struct ReleaseTests {
  @Test func theVersionIsTheOneOfThePythonPackage() throws {
    let path = SharedData.packageRoot + "/bindings/python/pyproject.toml"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let version = try #require(text.firstMatch(of: /(?m)^version = "(.*)"$/)?.output.1)
    #expect(Release.version == version)
    #expect(Release.version.wholeMatch(of: /\d+\.\d+\.\d+/) != nil)
  }
}
