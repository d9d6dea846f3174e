#!/bin/sh
# Builds the commit that is checked out twice, in two folders and the second time with nothing
# in Go's cache, and says whether each file of the release is the same to the byte.
# PLATFORMS names what to build for.
set -eu
cd "$(git rev-parse --show-toplevel)"
work=$(mktemp -d)
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
VERSION=$(git describe --tags --always)
export VERSION

build() { # a folder for the source
	git clone -q --no-tags . "$1"
	(cd "$1" && go run ./deploy/release -out "$work/$2" -platforms "${PLATFORMS:-linux/amd64}" >/dev/null)
}
build "$work/one" dist-one
GOCACHE="$work/cache" build "$work/another/place" dist-two
diff -r "$work/dist-one" "$work/dist-two"
echo "the same bytes twice:"
cat "$work/dist-one/SHA256SUMS"
