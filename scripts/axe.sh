#!/bin/sh
# Fetches axe-core, at the version that the studio's package.json names, with npm: tests ask
# it whether everybody can use the pages.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(sed -n 's/.*"axe-core": "\(.*\)".*/\1/p' pkg/studio/editor/package.json)
(cd "$work" && npm pack --silent "axe-core@$version" && tar xzf axe-core-*.tgz)
gzip -9nc "$work/package/axe.min.js" > pkg/homingtest/axe/axe.min.js.gz
cat "$work/package/LICENSE" "$work/package/LICENSE-3RD-PARTY.txt" > pkg/homingtest/axe/axe.licence.txt
ls -l pkg/homingtest/axe/axe.min.js.gz
