#!/bin/sh
# Builds an older version of Homing from the history of this repository, by its tag, or,
# in a clone without tags, by the commit that its folder in pkg/homingtest/older/testdata
# names, and prints where the program is: `scripts/older.sh v0.1.0 FOLDER`.
set -eu
cd "$(dirname "$0")/.."
version=$1 folder=$2
commit=$(git rev-parse -q --verify "$version^{commit}" || cat "pkg/homingtest/older/testdata/$version/commit")
git cat-file -e "$commit^{commit}" 2>/dev/null ||
	{ echo "this clone has not the history of $version: git fetch --tags --unshallow" >&2; exit 2; }
mkdir -p "$folder/tree"
git archive "$commit" | tar -x -C "$folder/tree"
(cd "$folder/tree" && go build -trimpath -buildvcs=false -o "$folder/homing" ./cmd/homing)
echo "$folder/homing"
