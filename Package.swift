// swift-tools-version: 6.2
// The manifest as a table: one row per target, floors from the ground up (README, "The floors").
// No unsafe flags, so that other packages can depend on this one by version; the linker settings of
// libsvft.so (soname, export list, static Swift runtime) stand in the Makefile.
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

let strictC: [CSetting] = [.enableWarning("all"), .enableWarning("extra")]

/// A Swift floor of the library and the floors it stands on.
func floor(_ name: String, on below: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: below, swiftSettings: strict)
}

/// The test target of one floor. Every one of them may use the test kit.
func tests(_ name: String, of floors: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: floors + ["TestKit"], swiftSettings: strict)
}

let package = Package(
  name: "svft",
  products: [
    .library(name: "SVFT", targets: ["SVFT"]),
    .library(name: "svft", type: .dynamic, targets: ["SVFTC"]),
    .executable(name: "svft-cli", targets: ["SVFTTool"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
  ],
  targets: [
    // C: the public header, the kernels, and the little we need from the system by name.
    .target(name: "CSVFT", path: "include", publicHeadersPath: "."),
    .target(name: "CKernels", cSettings: strictC),
    .target(name: "CSystem", cSettings: strictC, linkerSettings: [.linkedLibrary("dl")]),
    .target(name: "CImages", cSettings: strictC, linkerSettings: [.linkedLibrary("dl")]),

    // The tower. Each floor imports only floors beneath it.
    floor("SVFTTensor", on: ["CKernels", "CSystem"]),
    floor("SVFTFormats", on: ["SVFTTensor"]),
    floor("SVFTText", on: ["SVFTFormats", "SVFTTensor"]),
    floor("SVFTImages", on: ["SVFTFormats", "SVFTTensor", "CImages"]),
    floor("SVFTLayers", on: ["SVFTTensor"]),
    floor("SVFTModels", on: ["SVFTLayers", "SVFTFormats", "SVFTTensor"]),
    floor("SVFTAdapters", on: ["SVFTLayers", "SVFTFormats", "SVFTTensor"]),
    floor(
      "SVFT",
      on: [
        "SVFTModels", "SVFTAdapters", "SVFTText", "SVFTImages", "SVFTLayers", "SVFTFormats",
        "SVFTTensor",
      ]),

    // The doors. They convert arguments and call one SVFT function each.
    .target(
      name: "SVFTC", dependencies: ["SVFT", "SVFTTensor", "CSVFT"], exclude: ["exports.map"],
      swiftSettings: strict),
    .executableTarget(
      name: "SVFTTool",
      dependencies: [
        "SVFT", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),

    // Tests mirror the floors.
    .target(
      name: "TestKit", dependencies: ["SVFTTensor", "SVFTFormats", "SVFTLayers"],
      path: "Tests/TestKit", swiftSettings: strict),
    tests("SVFTTensorTests", of: ["SVFTTensor", "SVFTFormats"]),
    tests("SVFTFormatsTests", of: ["SVFTFormats", "SVFTTensor"]),
    tests("SVFTTextTests", of: ["SVFTText", "SVFTFormats", "SVFTTensor"]),
    tests("SVFTImagesTests", of: ["SVFTImages", "SVFTFormats", "SVFTTensor"]),
    tests("SVFTLayersTests", of: ["SVFTLayers", "SVFTTensor"]),
    tests("SVFTModelsTests", of: ["SVFTModels", "SVFTLayers", "SVFTFormats", "SVFTTensor"]),
    tests("SVFTAdaptersTests", of: ["SVFTAdapters", "SVFTLayers", "SVFTFormats", "SVFTTensor"]),
    .target(name: "CAllocations", path: "Tests/CAllocations", cSettings: strictC),
    tests(
      "SVFTTests",
      of: [
        "CAllocations", "SVFT", "SVFTModels", "SVFTAdapters", "SVFTText", "SVFTImages",
        "SVFTLayers", "SVFTFormats", "SVFTTensor",
      ]),
    tests("SVFTCTests", of: ["SVFTC", "SVFT", "SVFTTensor", "CSVFT"]),
    tests("SVFTToolTests", of: ["SVFTTool", "SVFT"]),
    tests("HouseTests", of: []),

    // The Swift door of the scenario that runs through every door.
    .executableTarget(
      name: "ScenarioHost", dependencies: ["SVFT"], path: "Tests/Scenario",
      exclude: ["scenario.c", "scenario.json", "test_scenario.py"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
