#!/bin/sh
# Writes pkg/cldr/data.txt from a release of Unicode CLDR: scripts/cldr.sh 48.1.0
set -eu
version=$1
command -v npm >/dev/null || { echo "cldr: install npm, which fetches CLDR's packages" >&2; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
echo "cldr: fetching CLDR $version, some 10 MB"
for name in cldr-core cldr-numbers-full cldr-dates-full; do
	npm pack --silent --pack-destination "$dir" "$name@$version" >/dev/null
	mkdir "$dir/$name"
	tar -xzf "$dir/$name-$version.tgz" -C "$dir/$name" --strip-components 1
done
go run ./pkg/cldr/generate "$dir" pkg/cldr/data.txt
echo "cldr: wrote pkg/cldr/data.txt"
