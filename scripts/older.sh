#!/bin/sh
# Builds an older version of Homing, by its tag, from the history of this repository, and
# prints where the program is: `scripts/older.sh v0.1.0 FOLDER`.
set -eu
cd "$(dirname "$0")/.."
version=$1 folder=$2
git rev-parse -q --verify "$version^{commit}" >/dev/null ||
	{ echo "this clone has no $version: git fetch --tags" >&2; exit 2; }
mkdir -p "$folder/tree"
git archive "$version" | tar -x -C "$folder/tree"
(cd "$folder/tree" && go build -trimpath -buildvcs=false -o "$folder/homing" ./cmd/homing)
echo "$folder/homing"
