#!/bin/sh
# Writes pkg/mailprogram/data.txt from caniemail's data: scripts/caniemail.sh 1.0.5,
# a version of npm's package caniemail, which carries it.
set -eu
version=$1
command -v npm >/dev/null || { echo "caniemail: install npm, which fetches the data" >&2; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm pack --silent --pack-destination "$dir" "caniemail@$version" >/dev/null
tar -xzf "$dir/caniemail-$version.tgz" -C "$dir" --strip-components 1
go run ./pkg/mailprogram/generate "$dir/data/caniemail.json" pkg/mailprogram/data.txt
echo "caniemail: wrote pkg/mailprogram/data.txt"
