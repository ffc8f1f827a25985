// The same without async code: `swift run script [URL of the broker]`.
import Rembus

let broker = CommandLine.arguments.dropFirst().first ?? "ws://127.0.0.1:8338"
let listener = try Node("\(broker)/listener")
let speaker = try Node("\(broker)/speaker")

try listener.expose("double") { (x: Int) in 2 * x }
try listener.subscribe("greetings") { message in
    print("heard:", try message.decode(String.self))
    // Closing here ends the wait below.
    listener.close()
}

let result: Int = try speaker.call("double", 21)
print("double 21 =", result)
try speaker.publish("greetings", "hello", qos: .atLeastOnce)

listener.wait()
speaker.close()
