#!/bin/sh
# Fetches uPlot, which draws the console's charts, with npm.
set -eu
version=${1:?say the version: scripts/charts.sh 1.6.32}
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "uplot@$version" && tar xzf uplot-*.tgz)
cp "$work/package/dist/uPlot.iife.min.js" pkg/figures/page/uplot.js
cp "$work/package/dist/uPlot.min.css" pkg/figures/page/uplot.css
cp "$work/package/LICENSE" pkg/figures/page/uplot.licence.txt
ls -l pkg/figures/page/uplot.js
