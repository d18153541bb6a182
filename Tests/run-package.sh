#!/usr/bin/env bash
# Uses this package as another package would: depends on it by version through a git URL, which
# SwiftPM refuses to packages with unsafe flags, imports SVFT alone, and runs. The program is the
# README's Swift example, as printed but for fewer steps, with a check of what it made.
#
# The work tree as it stands is committed to a bare repository in build/package and tagged with the
# version. A debug build proves the same in a third of the time; only the kernels are optimised.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD
work=$root/build/package
version=$(sed -n 's/^version = "\(.*\)"/\1/p' bindings/python/pyproject.toml)
rm -rf "$work"
mkdir -p "$work/user/Sources/User" "$work/run"

# The library's repository.
git init --quiet --bare "$work/libsvft.git"
# Runs git on that repository with this work tree.
in_copy() {
  git --git-dir="$work/libsvft.git" --work-tree="$root" -c core.bare=false \
    -c user.name=test -c user.email=test@localhost -c commit.gpgsign=false "$@"
}
in_copy add --all
in_copy commit --quiet --no-verify --message "$version"
in_copy tag "$version"

# The package that uses it.
cat >"$work/user/Package.swift" <<MANIFEST
// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "user",
  dependencies: [.package(url: "$work/libsvft.git", from: "$version")],
  targets: [
    .executableTarget(name: "User", dependencies: [.product(name: "SVFT", package: "libsvft")])
  ])
MANIFEST

# The README's lines below "**Swift.**" and "In Swift", indented by four spaces.
example=$(sed -n -e '/^\*\*Swift\.\*\*/,/^#/s/^    //p' -e '/^In Swift/,/^#/s/^    //p' README.md)
[ -n "$example" ] || { echo "package: README.md has no Swift example" >&2 && exit 1; }
short=${example/'output: "build/run")'/'output: "build/package/run", options: options)'}
[ "$short" != "$example" ] || { echo "package: README.md's example changed" >&2 && exit 1; }
short=${short//build\/report.svfts/build\/package\/report.svfts}
cat >"$work/user/Sources/User/main.swift" <<PROGRAM
import SVFT

var options = TrainingOptions()
options.steps = 3
options.batchSize = 2
options.reportEvery = 1
$short
print("version \(Release.version), \(try model.describe().utf8.count) bytes of description")
do {
  _ = try Model(path: "README.md")
} catch {
  print("refused: \(error.message)")
}
PROGRAM

swift build --package-path "$work/user" --scratch-path "$work/scratch" -Xcc -O2
"$work/scratch/debug/User" | tee "$work/output.txt"

# expect WHAT COMMAND...: fails with a sentence where the command does.
expect() {
  local what=$1
  shift
  "$@" || { echo "package: expected $what" >&2 && exit 1; }
}
trained='"step":3,'
expect "text before the version" test "$(wc -l <"$work/output.txt")" -ge 3
expect "the version $version" grep -q "^version $version, [1-9]" "$work/output.txt"
expect "a sentence for a file that is no model" grep -q "^refused: README.md" "$work/output.txt"
expect "metrics of three steps" grep -q "$trained" "$work/run/metrics.jsonl"
expect "a saved session" test -s "$work/report.svfts"
expect "a saved adapter" test -s "$work/run/adapter_model.safetensors"
echo "package: depended on by version $version, built without unsafe flags, run"
