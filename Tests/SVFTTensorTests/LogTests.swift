// The log callback: silent without one, called with its pointer and level, replaceable.
import SVFTTensor
import Testing

/// What the callback writes into through its user pointer.
private final class Received {
  var lines: [String] = []
}

@Suite(.serialized) struct LogTests {
  @Test func messagesReachTheInstalledCallbackOnly() {
    let received = Received()
    let user = Unmanaged.passUnretained(received).toOpaque()
    Log.warn("nobody hears this")
    Log.install(
      { user, level, text in
        guard let user, let text else { return }
        let received = Unmanaged<Received>.fromOpaque(user).takeUnretainedValue()
        let line = String(cString: text)
        if line.hasPrefix("log test") { received.lines.append("\(level) \(line)") }
      }, user: user)
    Log.warn("log test: a warning")
    Log.note("log test: a note")
    Log.install(nil, user: nil)
    Log.warn("log test: too late")
    #expect(received.lines == ["1 log test: a warning", "2 log test: a note"])
  }

  @Test func theTextIsNotMadeForNobody() {
    Log.install(nil, user: nil)
    var made = 0
    func text() -> String {
      made += 1
      return "x"
    }
    Log.warn(text())
    #expect(made == 0)
  }
}
