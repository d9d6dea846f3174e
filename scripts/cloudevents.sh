#!/bin/sh
# Has the official CloudEvents SDKs, for Go at version $1 and for JavaScript at $2, publish
# an order in each of their forms, and writes what arrived to events/testdata/sdks.jsonl:
# that of Go through a NATS. Needs go and npm.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT INT TERM
order='{"customer":{"id":"c1","email":"c1@example.com"},"order":{"id":"o1","total":{"amount":"12.95","currency":"GBP"},"items":[{"product_id":"tea-1","name":"Assam","quantity":1,"price":{"amount":"12.95","currency":"GBP"}}]}}'

cp "$root/scripts/cloudevents/main.go.txt" "$dir/main.go"
cp "$root/scripts/cloudevents/emit.mjs" "$dir/emit.mjs"
cd "$dir"
go mod init sdks >"$dir/log" 2>&1
server=$(cd "$root" && go list -m -f '{{.Version}}' github.com/nats-io/nats-server/v2)
GOFLAGS=-mod=mod go get "github.com/cloudevents/sdk-go/v2@$1" "github.com/cloudevents/sdk-go/protocol/nats_jetstream/v2@$1" "github.com/nats-io/nats-server/v2@$server" >"$dir/log" 2>&1 || { cat "$dir/log"; exit 2; }
GOFLAGS=-mod=mod go run . "$order" >sdks.jsonl
npm install --silent --no-audit --no-fund "cloudevents@$2"
node emit.mjs "$order" >>sdks.jsonl
cp sdks.jsonl "$root/events/testdata/sdks.jsonl"
wc -l "$root/events/testdata/sdks.jsonl"
