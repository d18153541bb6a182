// What is particular to LAPACK: its limits, and that the host's setting of OpenBLAS survives us.
import Glibc
import SVFTTensor
import Testing

@Suite(.enabled(if: SVD.Solver.lapack.method != nil, "this system has no LAPACK"))
struct LAPACKTests {
  @Test func aMatrixBeyondItsIntegersIsALimitError() {
    let error = #expect(throws: SVFTError.self) {
      try SVD.thin([0], rows: 24_000, columns: 24_000, solver: .lapack)
    }
    #expect(error?.kind == .limit)
    #expect(error?.message.contains("[24000, 24000]") == true)
  }

  @Test func theThreadSettingOfOpenBLASIsRestored() throws {
    guard let library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL),
      let get = dlsym(library, "openblas_get_num_threads")
    else { return }
    let threads = unsafeBitCast(get, to: (@convention(c) () -> Int32).self)
    let matrix = TestMatrix.random(30, 30)
    // Other tests may be inside a call, where the setting is one; it comes back when they leave.
    var seen: Set<Int32> = [threads()]
    for _ in 0..<200 {
      _ = try SVD.thin(matrix.values, rows: 30, columns: 30, solver: .lapack)
      seen.insert(threads())
    }
    #expect(seen.isSubset(of: [1, seen.max() ?? 1]))
    #expect(Parallel.processors == 1 || seen.contains { $0 > 1 })
  }
}
