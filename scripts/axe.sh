#!/bin/sh
# Asks axe-core, at the version that the studio's package.json names, about its pages and
# about those behind the links in emails.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(sed -n 's/.*"axe-core": "\(.*\)".*/\1/p' pkg/studio/editor/package.json)
(cd "$work" && npm install --no-package-lock --no-audit --no-fund --silent "axe-core@$version")
HOMING_AXE="$work/node_modules/axe-core/axe.min.js" go test -count=1 -timeout 8m -run '^TestEverybodyCanUse' -v ./pkg/studio ./pkg/gateway
