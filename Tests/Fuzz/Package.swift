// swift-tools-version: 6.2
import Foundation
import PackageDescription

// Programs for libFuzzer, on their own so that nothing else is built with its sanitizer. The rooms
// that they try are links to those of the house.

let hasISAL = FileManager.default.fileExists(atPath: "/usr/include/isa-l/igzip_lib.h")
let settings: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableExperimentalFeature("Lifetimes"),
  ] + (hasISAL ? [.define("PENSTOCK_ISAL")] : [])
let libraries: [LinkerSetting] =
  ["curl", "ssl", "crypto", "z"].map { .linkedLibrary($0) }
  + (hasISAL ? [.linkedLibrary("isal")] : [])

func program(_ name: String) -> Target {
  .executableTarget(
    name: name, dependencies: ["FuzzSupport", "Body", "Wire", "CSystem"], swiftSettings: settings)
}

let package = Package(
  name: "fuzz",
  targets: [
    .target(name: "CSystem", linkerSettings: libraries),
    .target(name: "Wire", swiftSettings: settings),
    .target(name: "Body", dependencies: ["Wire", "CSystem"], swiftSettings: settings),
    .target(
      name: "FuzzSupport", dependencies: ["Body", "Wire", "CSystem"], swiftSettings: settings),
    program("InflateFuzz"),
    program("DecodeFuzz"),
    program("EncodeFuzz"),
    program("ValidateFuzz"),
    program("EscapeFuzz"),
    program("FieldFuzz"),
  ]
)
