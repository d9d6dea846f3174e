#!/bin/sh
# Runs every fuzz target there is, one after the other, each for the time given.
set -eu
cd "$(dirname "$0")/.."
time=${1:-30s}

grep -rno --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | while IFS=: read -r file _ func; do
	name=${func#func }
	echo "== $name ($(dirname "$file"))"
	go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "$(dirname "$file")" </dev/null
done
