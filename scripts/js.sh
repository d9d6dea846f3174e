#!/bin/sh
# Tests the client for JavaScript and TypeScript, events/js: compiles its types, and
# publishes to a real NATS with Node. npm fetches the versions that events/js/test names.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
find events/js/test -maxdepth 1 -type f -exec cp {} "$work" \;
(cd "$work" && npm install --no-package-lock --no-audit --no-fund --silent)
mkdir "$work/node_modules/homing-events"
cp events/js/*.js events/js/*.d.ts events/js/package.json "$work/node_modules/homing-events"
(cd "$work" && node_modules/.bin/tsc --noEmit --strict --exactOptionalPropertyTypes --target es2022 --module nodenext --skipLibCheck types.ts)
HOMING_JS="$work" go test -count=1 -timeout 5m -run '^TestTheClientForJavaScript' -v ./pkg/homingtest
