#!/bin/sh
# Bundles the editor of the studio, with npm and esbuild, at the versions that its
# package.json names, and writes the licences of what is in it.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp pkg/studio/editor/package.json pkg/studio/editor/editor.js "$work"
(
	cd "$work"
	npm install --no-package-lock --no-audit --no-fund --silent
	npx esbuild editor.js --bundle --minify --format=esm --target=es2022 --legal-comments=none --metafile=meta.json --outfile=bundle.js --log-level=warning
	{
		echo "The editor of the studio (editor.js) has these packages in it."
		for dir in $(tr ',' '\n' <meta.json | grep -o 'node_modules/[^"]*' | grep -oE '^node_modules/(@[^/]+/)?[^/]+' | sort -u); do
			printf '\n----\n%s\n\n' "$(node -p "const p = require('./$dir/package.json'); p.name + ' ' + p.version + ' (' + p.license + ')'")"
			cat "$dir"/LICENSE*
		done
	} >licences.txt
)
cp "$work/bundle.js" pkg/studio/page/editor.js
cp "$work/licences.txt" pkg/studio/page/editor.licences.txt
ls -l pkg/studio/page/editor.js
