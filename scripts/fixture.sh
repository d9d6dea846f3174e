#!/bin/sh
# Has an older version, by its tag, leave an installation in the middle of a story, for
# the tests of pkg/homingtest/older: `scripts/fixture.sh v0.1.0`. Run it once, when a
# version is released; what it writes is kept.
set -eu
cd "$(dirname "$0")/.."
version=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
folder="$PWD/pkg/homingtest/older/testdata/$version"
git archive "$version" | tar -x -C "$dir"
mkdir -p "$folder"
git rev-parse "$version^{commit}" >"$folder/commit"
mkdir -p "$dir/pkg/homingtest/older"
cp pkg/homingtest/older/*.go "$dir/pkg/homingtest/older/"
cd "$dir"
HOMING_REWRITE="$folder" go test -count=1 -tags older -run '^TestWrite$' ./pkg/homingtest/older
mkdir -p pkg/homingtest/older/testdata
cp -r "$folder" pkg/homingtest/older/testdata/
HOMING_REWRITE=yes go test -count=1 -run '^TestThisVersionGoesOnWhereOlderOnesStopped$' ./pkg/homingtest/older
cp "pkg/homingtest/older/testdata/$version/after.txt" "$folder/"
