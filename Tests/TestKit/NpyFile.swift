// Reads arrays as numpy saves them (.npy, versions 1 to 3): magic, version, header length, a Python
// dictionary with descr, fortran_order and shape, then the numbers. C order, little-endian only;
// float32, float64, int32, int64 and uint8. For tests' golden values, so a file that differs is an
// error, never a guess.
import Foundation

/// One array of numbers from a .npy file.
package struct NpyFile {
  package let shape: [Int]
  /// numpy's type string: "<f4", "<f8", "<i4", "<i8", "|u1".
  package let type: String
  private let body: [UInt8]

  /// Why a file cannot be used.
  package struct Unreadable: Error { package let reason: String }

  package init(_ path: String) throws {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    guard bytes.count > 12, bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else {
      throw Unreadable(reason: "\(path) does not begin as a .npy file")
    }
    let wide = bytes[6] >= 2
    let start = wide ? 12 : 10
    let length = (0..<(wide ? 4 : 2)).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    let header = String(decoding: bytes[start..<start + length], as: UTF8.self)
    guard header.contains("'fortran_order': False"),
      let type = header.firstMatch(of: /'descr': '([^']*)'/)?.output.1,
      let list = header.firstMatch(of: /'shape': \(([^)]*)\)/)?.output.1
    else { throw Unreadable(reason: "\(path): unexpected header \(header)") }
    self.type = String(type)
    shape = list.split(separator: ",").compactMap {
      Int($0.trimmingCharacters(in: .whitespaces))
    }
    body = Array(bytes[(start + length)...])
  }

  /// The numbers as `Number`, which must be what the file holds.
  package func values<Number: BitwiseCopyable>(_: Number.Type = Number.self) throws -> [Number] {
    let expected: String? =
      switch Number.self {
      case is Float.Type: "<f4"
      case is Double.Type: "<f8"
      case is Int32.Type: "<i4"
      case is Int64.Type: "<i8"
      case is UInt8.Type: "|u1"
      default: nil
      }
    let count = shape.reduce(1, *)
    guard type == expected, body.count == count * MemoryLayout<Number>.stride else {
      throw Unreadable(reason: "expected \(count) numbers \(Number.self), found \(type)")
    }
    return body.withUnsafeBytes { raw in
      (0..<count).map {
        raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Number>.stride, as: Number.self)
      }
    }
  }
}
