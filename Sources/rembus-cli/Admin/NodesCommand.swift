import ArgumentParser
import RembusWire

struct NodesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nodes",
        abstract: "List the links of a running broker to other brokers.",
        discussion: """
            HEARD and TOLD count the topics, patterns and methods that the other side wants and provides, and those that it \
            was told; RECEIVED and SENT count publications. A link that rests is open and not used, because there is another way.

            Examples:
              rembus admin nodes --url ws://127.0.0.1:8338/chief
              rembus admin nodes --url chief --json | jq '.links[] | select(.state == "down")'
            """)

    @Flag(help: "JSON instead of text.")
    var json = false

    @OptionGroup(title: "Broker")
    var target: AdminTarget

    func run() async throws {
        let answer = try await target.remote(for: "nodes").perform(AdministrativeCommand("nodes"))
        if json { return try StandardOutput.write(answer.jsonText + "\n") }
        let name = answer["name"]?.stringValue ?? ""
        let version = answer["version"]?.stringValue ?? ""
        try StandardOutput.write(ValueLayout.visible("broker \(name), rembus-swift \(version)") + "\n")
        let links = answer["links"]?.arrayValue ?? []
        guard !links.isEmpty else { return try StandardOutput.write("no links to other brokers\n") }
        let rows = links.map { link in
            [
                link["name"]?.stringValue ?? "", link["url"]?.stringValue ?? link["address"]?.stringValue ?? "",
                link["state"]?.stringValue ?? "", link["implementation"]?.stringValue ?? "",
                link["heard"]?.jsonText ?? "", link["told"]?.jsonText ?? "", link["received"]?.jsonText ?? "",
                link["sent"]?.jsonText ?? "",
            ].map(ValueLayout.visible)
        }
        let titles = ["NAME", "WHERE", "STATE", "BROKER", "HEARD", "TOLD", "RECEIVED", "SENT"]
        for line in TextTable.lines([titles] + rows) { try StandardOutput.write(line + "\n") }
        for link in links {
            guard let problem = link["problem"]?.stringValue else { continue }
            try StandardOutput.write(ValueLayout.visible("\(link["url"]?.stringValue ?? ""): \(problem)") + "\n")
        }
    }
}
