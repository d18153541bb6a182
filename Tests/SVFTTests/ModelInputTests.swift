// What a model sees: rows, and what tells one input from another.
import SVFT
import SVFTImages
import SVFTTensor
import Testing

@Suite struct ModelInputTests {
  private func hash(_ input: ModelInput, relativeTo path: String = "/data/train") -> String {
    var hash = SHA256()
    input.update(&hash, relativeTo: path)
    return hash.hexadecimal
  }

  @Test func rowsAreTokensOrThoseOfAPicture() throws {
    #expect(ModelInput.tokens([1, 2, 3], segments: nil).rows == 3)
    #expect(ModelInput.image(.file("a.png"), rows: 17).rows == 17)
    #expect(ModelInput.noise(rows: 5).rows == 5)
    var example = Example(.noise(rows: 5), label: .integer(1))
    #expect(example.rows == 5 && example.ids == [] && example.segments == nil)
    example = Example(ids: [1, 2], segments: [0, 1])
    example.ids = [7]
    #expect(example.input == .tokens([7], segments: [0, 1]))
  }

  @Test func dataThatMoveAreTheSame() {
    let (here, there) = (
      ModelInput.image(.file("/data/train/cat/1.png"), rows: 5),
      ModelInput.image(.file("/other/train/cat/1.png"), rows: 5)
    )
    #expect(hash(here) == hash(there, relativeTo: "/other/train"))
    #expect(hash(here) != hash(there))
    #expect(hash(.noise(rows: 5)) != hash(here))
    #expect(hash(.tokens([1], segments: nil)) != hash(.tokens([2], segments: nil)))
  }
}
