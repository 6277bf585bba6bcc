// swift-tools-version: 6.2
import Foundation
import PackageDescription

// Warnings are errors in CI, and remarks for whoever is at work; never in dependencies.
let warnings: [SwiftSetting] =
  Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

let strict: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableExperimentalFeature("Lifetimes"),
    // Checked in debug builds, on which all tests of a unit and some of a whole server run. In
    // release builds the checks are 29 % of a request's own instructions.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
  ] + warnings

// ISA-L compresses several times as fast as zlib. It is used where it is installed, but for
// PENSTOCK_DEFLATE=zlib; zlib is always there.
let hasISAL =
  Context.environment["PENSTOCK_DEFLATE"] != "zlib"
  && FileManager.default.fileExists(atPath: "/usr/include/isa-l/igzip_lib.h")
let deflate = strict + (hasISAL ? [.define("PENSTOCK_ISAL")] : [])
let deflateLibraries: [LinkerSetting] =
  [.linkedLibrary("z")] + (hasISAL ? [.linkedLibrary("isal")] : [])

let package = Package(
  name: "penstock",
  products: [
    .executable(name: "penstock", targets: ["PenstockCLI"]),
    .executable(name: "penstock-bench", targets: ["PenstockBench"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ],
  targets: [
    // floor 0
    .target(
      name: "CSystem",
      linkerSettings: [
        .linkedLibrary("curl"), .linkedLibrary("ssl"), .linkedLibrary("crypto"),
      ] + deflateLibraries),
    .target(name: "Wire", swiftSettings: strict),
    .target(
      name: "PrometheusModel",
      dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["metrics.proto"], swiftSettings: strict),
    // floor 1
    .target(name: "EventLoop", dependencies: ["CSystem"], swiftSettings: strict),
    .target(
      name: "Telemetry",
      dependencies: [
        "Wire", "PrometheusModel", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      swiftSettings: strict),
    .target(name: "Body", dependencies: ["Wire", "CSystem"], swiftSettings: deflate),
    // floor 2
    .target(
      name: "Upstream", dependencies: ["EventLoop", "Wire", "CSystem"], swiftSettings: strict),
    .target(name: "TestOrigin", dependencies: ["EventLoop", "Wire"], swiftSettings: strict),
    // floor 3
    .target(
      name: "Penstock",
      dependencies: ["Upstream", "EventLoop", "Telemetry", "Body", "Wire", "CSystem"],
      resources: [
        .embedInCode("Status/status.html"), .embedInCode("Status/status.css"),
        .embedInCode("Status/status.js"),
      ],
      swiftSettings: strict),
    // floor 4
    .executableTarget(
      name: "PenstockCLI",
      dependencies: [
        "Penstock", "TestOrigin", "Upstream", "Yams",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "PenstockBench",
      dependencies: [
        "TestOrigin", "EventLoop", "Wire", "Telemetry",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      swiftSettings: strict),
    .testTarget(name: "WireTests", dependencies: ["Wire"], swiftSettings: strict),
    .testTarget(
      name: "EventLoopTests", dependencies: ["EventLoop", "CSystem"], swiftSettings: strict),
    .testTarget(
      name: "TelemetryTests", dependencies: ["Telemetry", "PrometheusModel", "Wire"],
      swiftSettings: strict),
    .testTarget(
      name: "BodyTests", dependencies: ["Body", "Wire", "CSystem"], swiftSettings: deflate),
    .testTarget(
      name: "UpstreamTests", dependencies: ["Upstream", "EventLoop", "Wire"],
      swiftSettings: strict),
    .testTarget(
      name: "PenstockTests",
      dependencies: ["Penstock", "Upstream", "EventLoop", "Telemetry", "Body", "Wire"],
      swiftSettings: strict),
    .testTarget(name: "PenstockCLITests", dependencies: ["PenstockCLI"], swiftSettings: strict),
    .testTarget(
      name: "PenstockBenchTests",
      dependencies: [
        "PenstockBench", "Wire", .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      swiftSettings: strict),
    .testTarget(name: "TidyTests", swiftSettings: strict),
  ]
)
