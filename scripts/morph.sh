#!/bin/sh
# Fetches idiomorph, with which the console's pages are brought up to date, with npm.
set -eu
version=${1:?say the version: scripts/morph.sh 0.8.0}
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "idiomorph@$version" && tar xzf idiomorph-*.tgz)
cp "$work/package/dist/idiomorph.min.js" pkg/studio/page/idiomorph.js
cp "$work/package/LICENSE" pkg/studio/page/idiomorph.licence.txt
ls -l pkg/studio/page/idiomorph.js
