// Version, statuses, strings and the log of the C interface.
import CSVFT
import SVFTTensor
import Synchronization
import Testing

@Suite struct VersionABITests {
  @Test func headerAndLibraryAgreeOnTheirVersion() {
    #expect(svft_abi_version() == UInt32(SVFT_ABI_VERSION))
    #expect(String(cString: svft_version()).split(separator: ".").count == 3)
  }

  /// The header's constants in its order; a kind that the header forgets fails here.
  private static let constants = [
    SVFT_INVALID_ARGUMENT, SVFT_IO, SVFT_FORMAT, SVFT_TRUNCATED, SVFT_UNSUPPORTED, SVFT_SHAPE,
    SVFT_MISMATCH, SVFT_DATA, SVFT_LIMIT, SVFT_MEMORY, SVFT_NO_SPACE, SVFT_BUSY, SVFT_STATE,
    SVFT_CANCELLED, SVFT_NON_FINITE, SVFT_INTERNAL,
  ]

  @Test func everyKindOfErrorIsAStatusOfTheHeader() {
    #expect(SVFT_OK == 0)
    #expect(SVFTError.Kind.allCases.map { Int($0.rawValue) } == Self.constants.map { Int($0) })
  }

  @Test(arguments: SVFTError.Kind.allCases) func everyStatusHasItsName(_ kind: SVFTError.Kind) {
    #expect(String(cString: svft_status_string(kind.rawValue)) == kind.title)
  }

  @Test func okAndNumbersOfNobodyHaveNamesToo() {
    #expect(String(cString: svft_status_string(0)) == "ok")
    for status: Int32 in [-1, 16, 98, 100, .max, .min] {
      #expect(String(cString: svft_status_string(status)) == "unknown status")
    }
  }

  @Test func freeingNullDoesNothing() {
    svft_string_free(nil)
    svft_model_free(nil)
    svft_adapter_free(nil)
    svft_trainer_free(nil)
    svft_model_cancel(nil)
  }
}
