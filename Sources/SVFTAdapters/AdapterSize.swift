// How many numbers a method trains on given modules, as a function of the one option that says so:
// half-bandwidth or count of svft, rank of lora. Comparing methods or modules at equal budget means
// choosing that option by the count it gives.
package import SVFTFormats

/// The sizes that an adapter on some modules can have.
package struct AdapterSize {
  /// The option that decides how many numbers are trained.
  package let option: String
  /// The values it can have; a larger one never trains fewer numbers.
  package let values: ClosedRange<Int>
  /// Options that must go with it.
  package let fixed: JSON.Object
  /// What people call a small adapter of this method: the diagonal of svft, rank 1 of lora.
  package let small: Int
  /// Trained numbers at a value of the option.
  package let count: (Int) -> Int

  package init(
    _ option: String, _ values: ClosedRange<Int>, with fixed: JSON.Object = JSON.Object(),
    small: Int, count: @escaping (Int) -> Int
  ) {
    self.option = option
    self.values = values
    self.fixed = fixed
    self.small = small
    self.count = count
  }

  /// From the fewest to the most numbers that can be trained.
  package var counts: ClosedRange<Int> {
    let low = count(values.lowerBound)
    return low...max(low, count(values.upperBound))
  }

  /// The value that trains as near to `budget` numbers as can be; of two, the smaller.
  package func nearest(to budget: Int) -> Int {
    var (low, high) = (values.lowerBound, values.upperBound)
    // The first value that trains at least `budget`, or the last.
    while low < high {
      let middle = low + (high - low) / 2
      if count(middle) < budget { low = middle + 1 } else { high = middle }
    }
    guard low > values.lowerBound, budget - count(low - 1) <= count(low) - budget else {
      return low
    }
    return low - 1
  }

  /// The options of an adapter of that value.
  package func options(at value: Int) -> JSON.Object {
    var options = fixed
    options[option] = .integer(value)
    return options
  }
}
