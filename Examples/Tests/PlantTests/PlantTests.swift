import Rembus
import RembusTesting
import Testing

/// What a component of a program does, here and in its tests.
enum Thermostat {
    /// Offers `heat`, and publishes what it was set to.
    static func start(_ component: Component) async throws {
        try await component.expose("heat") { (degrees: Double) in
            try await component.publish("plant/7/heating", degrees, qos: .atLeastOnce)
            return degrees > 0
        }
    }
}

/// A program that uses Rembus is tested against a broker that lives as long as a test: `swift test`.
struct PlantTests {
    @Test("The thermostat heats, and says so")
    func thermostat() async throws {
        try await TestBroker.run { broker in
            let plant = try await Component.connect(broker.url("plant"))
            let display = try await Component.connect(broker.url("display"))
            try await Thermostat.start(plant)
            let heating = try await display.subscribe("plant/*/heating")

            let isOn: Bool = try await display.call("heat", 21.5)
            #expect(isOn)
            for await message in heating {
                #expect(message.topic == "plant/7/heating")
                #expect(try message.decode(Double.self) == 21.5)
                break
            }
            await display.close()
            await plant.close()
        }
    }

    @Test("Nobody answers for an hour, which takes no time")
    func silence() throws {
        let broker = try InProcessBroker { $0.requestTimeout = .seconds(3600) }
        let (plant, display) = (try broker.connect("plant"), try broker.connect("display"))
        try plant.expose("heat")
        let call = display.sendCall("heat", 21.5)
        #expect(try plant.nextCall().arguments == [21.5])
        broker.advance(by: .seconds(3601))
        #expect(try display.answer(to: call)?.status == .methodUnavailable)
    }
}
