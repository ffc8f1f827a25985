import Rembus

extension ChaosPeer {
    /// Publishes the numbers from 0 with the own name in front. QoS 0 that finds no connection fails; 1 and 2 wait for it.
    static func publish(on component: Component, _ topic: String, _ qos: QoS, _ pace: Pace) async {
        let name = component.name ?? ""
        await repeatedly(pace) { number in
            do {
                try await component.publish(topic, .text(name), .integer(Int64(number)), qos: qos)
                say("ack \(number)")
            } catch {
                say("fail \(number) \(code(of: error))")
            }
        }
        say("end")
    }

    static func subscribe(_ component: Component, to topic: String, from start: ReplayStart) async throws {
        // Room for everything: what a full buffer drops is not the network's fault.
        let messages = try await component.subscribe(topic, from: start, buffer: .dropNewest(1 << 20))
        for await message in messages {
            let (publisher, number) = try message.decodeArguments(String.self, Int.self)
            say("got \(publisher) \(number)")
        }
    }

    /// Answers with twice the number, after a moment in which a connection can be lost.
    static func serve(_ method: String, on component: Component) async throws {
        try await component.expose(method) { (caller: String, number: Int) in
            await say("ran \(caller) \(number)")
            try await Task.sleep(for: .milliseconds(number % 20))
            return number * 2
        }
        for await state in component.stateUpdates {
            if case .closed = state { return }
        }
    }

    static func call(on component: Component, _ method: String, _ pace: Pace) async {
        let name = component.name ?? ""
        await repeatedly(pace) { number in
            do {
                let result: Int = try await component.call(method, .text(name), .integer(Int64(number)))
                say("ok \(number) \(result)")
            } catch {
                say("error \(number) \(code(of: error)) \((error as? RembusError)?.status?.rawValue ?? 0)")
            }
        }
        say("end")
    }

    /// Starts `body` for each number in order, a window of them at a time, and waits for all.
    ///
    /// Tasks of one actor start in the order in which they were made; so do the publications in them.
    private static func repeatedly(_ pace: Pace, _ body: @escaping @MainActor @Sendable (Int) async -> Void) async {
        var tasks: [Task<Void, Never>] = []
        for number in 0..<pace.count {
            if tasks.count >= pace.window { await tasks.removeFirst().value }
            tasks.append(Task { await body(number) })
            if pace.interval > .zero { try? await Task.sleep(for: pace.interval) }
        }
        for task in tasks { await task.value }
    }

    private static func code(of error: any Error) -> String {
        (error as? RembusError).map { "\($0.code)" } ?? "\(type(of: error))"
    }
}
