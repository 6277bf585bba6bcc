import ArgumentParser

/// `--config FILE`, for every command that needs a configuration.
struct ConfigurationOption: ParsableArguments {
  @Option(name: .customLong("config"), help: ArgumentHelp("The configuration.", valueName: "file"))
  var path: String
}
