#!/bin/sh
# Packs the time zone database of a folder (scripts/tzdata.sh /usr/share/zoneinfo) into
# pkg/localtime/zones.zip, which the binary carries. The folder has IANA's tzdata.zi,
# as that of Debian, Ubuntu, Fedora and Alpine has; update tzdata first.
set -eu
zi=$1/tzdata.zi
[ -r "$zi" ] || { echo "tzdata: $zi is missing; install tzdata, or name another folder" >&2; exit 1; }
command -v zic >/dev/null || { echo "tzdata: install zic, which compiles it (Debian: libc-bin)" >&2; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# With every change until 2037, not the rule alone, a look-up in Go takes a fifth of the time.
zic -b fat -d "$dir" "$zi"
go run ./pkg/localtime/pack "$dir" "$(sed -n '1s/^# version //p' "$zi")" pkg/localtime/zones.zip
