#!/bin/sh
# Checks deploy/prometheus and deploy/grafana with Prometheus's own tools: rules, their tests,
# and that it understands every query of a dashboard. Needs no network once the modules are there.
set -eu
cd "$(dirname "$0")/../deploy/prometheus"
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
# Service discovery is most of promtool, and not needed here.
go build -tags remove_all_sd -o "$bin/promtool" github.com/prometheus/prometheus/cmd/promtool
"$bin/promtool" check rules homing.rules.yaml
"$bin/promtool" test rules homing.test.yaml
go test -tags remove_all_sd ./...
