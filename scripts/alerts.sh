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
# A query of a dashboard is understood if it may be a rule.
{
	echo 'groups: [{name: dashboards, rules: ['
	sed -n 's/^ *"expr": \(".*"\),$/{record: "homing:query", expr: \1},/p' ../grafana/*.json |
		sed 's/\$__rate_interval/5m/g' | awk '{sub(/homing:query/, "homing:query" NR); print}'
	echo ']}]'
} > "$bin/dashboards.yaml"
[ "$(grep -c homing:query "$bin/dashboards.yaml")" -gt 40 ] || { echo "no queries found in deploy/grafana" >&2; exit 1; }
"$bin/promtool" check rules "$bin/dashboards.yaml"
