import ArgumentParser

struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print the completion script of a shell.",
        discussion: """
            Examples:
              rembus completion bash > /etc/bash_completion.d/rembus
              rembus completion zsh > "${fpath[1]}/_rembus"
              rembus completion fish > ~/.config/fish/completions/rembus.fish
            """)

    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash
        case zsh
        case fish

        var script: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    @Argument(help: "The shell.")
    var shell: Shell

    func run() throws {
        try StandardOutput.write(RembusCommand.completionScript(for: shell.script) + "\n")
    }
}
