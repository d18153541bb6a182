// A moment in words: days and months of the Gregorian calendar and the directives of
// `strftime` that chat templates use. The moment comes from the caller, as a time without a zone;
// nothing here asks a clock.
import SVFTTensor

/// A moment by calendar and clock.
struct TemplateMoment {
  let year: Int
  let month: Int
  let day: Int
  /// 0 is Sunday.
  let weekday: Int
  let dayOfYear: Int
  let secondOfDay: Int

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]
  private static let days = [
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
  ]

  /// Seconds since 1970, from 1970 to 9999; others are moved there.
  init(seconds: Int) {
    let seconds = max(0, min(253_402_300_799, seconds))
    let days = seconds / 86_400
    secondOfDay = seconds % 86_400
    weekday = (days + 4) % 7
    // Years that begin in March, so that the leap day ends one: 400 of them have 146,097 days.
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let fromMarch = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * fromMarch + 2) / 153
    day = fromMarch - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    self.year = year
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    dayOfYear =
      monthFromMarch < 10 ? fromMarch + 59 + (isLeap ? 1 : 0) + 1 : fromMarch - 306 + 1
  }

  /// The moment after a format. Throws `.unsupported` for a directive that is not known.
  func written(_ format: String) throws(SVFTError) -> String {
    var output = ""
    var scalars = format.unicodeScalars.makeIterator()
    while let scalar = scalars.next() {
      guard scalar == "%" else {
        output.unicodeScalars.append(scalar)
        continue
      }
      var directive = scalars.next()
      let isBare = directive == "-"
      if isBare { directive = scalars.next() }
      guard let directive, let text = part(directive) else {
        let shown = directive.map(String.init) ?? ""
        throw SVFTError(.unsupported, "strftime_now: the directive %\(shown) is not known")
      }
      output += isBare ? String(text.drop { $0 == "0" }) : text
    }
    return output
  }

  private func part(_ directive: Unicode.Scalar) -> String? {
    let (hour, minute, second) = (
      secondOfDay / 3_600, secondOfDay / 60 % 60, secondOfDay % 60
    )
    let (weekday, month) = (Self.days[weekday], Self.months[self.month - 1])
    return switch directive {
    case "Y": padded(year, 4)
    case "y": padded(year % 100, 2)
    case "m": padded(self.month, 2)
    case "d": padded(day, 2)
    case "e": day < 10 ? " \(day)" : "\(day)"
    case "j": padded(dayOfYear, 3)
    case "B": month
    case "b", "h": String(month.prefix(3))
    case "A": weekday
    case "a": String(weekday.prefix(3))
    case "H": padded(hour, 2)
    case "I": padded((hour + 11) % 12 + 1, 2)
    case "M": padded(minute, 2)
    case "S": padded(second, 2)
    case "p": hour < 12 ? "AM" : "PM"
    case "F": "\(padded(year, 4))-\(padded(self.month, 2))-\(padded(day, 2))"
    case "T": "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))"
    case "Z", "z": ""
    case "%": "%"
    default: nil
    }
  }

  private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
