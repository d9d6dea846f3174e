#!/bin/sh
# Fails when a Go file is not formatted, and says which.
set -eu
cd "$(dirname "$0")/.."

bad=$(gofmt -l .)
if [ -n "$bad" ]; then
	echo "not formatted; run: gofmt -w ."
	echo "$bad"
	exit 1
fi
