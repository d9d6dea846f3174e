#!/bin/sh
# Go 1.26.8, time.LoadLocation: with the newest rules of time zones in the binary
# (import _ "time/tzdata"), an older database of the system is used, name by name.
#
# Go asks what ZONEINFO names, then the system's folders, then the copy in the binary,
# and takes the first that has the name. It compares no versions, and nothing says
# which it took.
#
# 1. A folder with the rules of 2024a gives Paraguay its winter time in July 2026; the
#    data of time/tzdata (2025c) knows that Paraguay gave it up in 2024. We expected the
#    newest rules that the program has.
# 2. A name that the folder does not have (America/Coyhaique, new in 2025b) comes from
#    somewhere else, without a word: one program, two databases.
#
# ZONEINFO names the older folder here, so that the outcome does not depend on the
# machine; a system's folder comes before the binary's copy in the same way.
#
# Needs Go and zic (Debian: libc-bin). Exit 0: as described, 1: it has changed, 2: it
# could not be run.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM
cd "$dir"
export GOTOOLCHAIN=go1.26.8 GOMODCACHE="$dir/mod" GOFLAGS=-modcacherw GOWORK=off

# Paraguay as IANA's releases until 2024a have it, from 2010 on.
cat >older <<'END'
Rule Para 2010 max - Oct Sun>=1 0:00 1:00 -
Rule Para 2010 2012 - Apr Sun>=8 0:00 0 -
Rule Para 2013 max - Mar Sun>=22 0:00 0 -
Zone America/Asuncion -4:00 Para -04/-03
END

cat >go.mod <<'END'
module finding

go 1.26
END
cat >main.go <<'END'
package main

import (
	"fmt"
	"time"
	_ "time/tzdata"
)

func main() {
	for _, name := range []string{"America/Asuncion", "America/Coyhaique"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(name, time.Date(2026, time.July, 1, 12, 0, 0, 0, time.UTC).In(zone).Format(time.RFC3339))
	}
}
END

cat >expected <<'END'
older rules in ZONEINFO:
America/Asuncion 2026-07-01T08:00:00-04:00
America/Coyhaique 2026-07-01T09:00:00-03:00
the data of time/tzdata:
America/Asuncion 2026-07-01T09:00:00-03:00
America/Coyhaique 2026-07-01T09:00:00-03:00
END

zic -d zones older >install 2>&1 || { cat install >&2; exit 2; }
go build -o finding . || exit 2
{
	echo "older rules in ZONEINFO:"
	ZONEINFO="$dir/zones" ./finding
	echo "the data of time/tzdata:"
	ZONEINFO="$(go env GOROOT)/lib/time/zoneinfo.zip" ./finding
} >seen
diff -u expected seen
cat seen
