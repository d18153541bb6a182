// The exponential in Double, for definitions written out in tests.
import Foundation

/// The exponential e^x.
func exponential(_ x: Double) -> Double { exp(x) }
