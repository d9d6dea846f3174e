#!/bin/sh
# Go 1.26.8, time.Time.ZoneBounds: on the last day of a leap year the offset of many
# time zones "ended" before the moment that was asked about.
#
# The compact form of a zone (zic -b slim, IANA's default since 2020b, and in Go's own
# time/tzdata) has the changes of the clocks up to now, and a rule for the years to
# come. Where Go follows the rule, it takes the change in autumn to last until the
# 365th day of the year is over. A leap year has one more.
#
# 1. On 31 December of 2028 ZoneBounds of London, New York and Sydney returns an end
#    before the time asked for, and the same one for that end. A loop that goes from
#    change to change does not end; a search for the next one goes back in time. We
#    expected the change in spring.
# 2. In other years the end is New Year in UTC, at which no clock changes.
# 3. The same zones in the long form (zic -b fat, as Debian has) know every change
#    until 2037, and are right.
#
# Needs Go and zic (Debian: libc-bin). Exit 0: as described, 1: it has changed, 2: it
# could not be run.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM
cd "$dir"
export GOTOOLCHAIN=go1.26.8 GOMODCACHE="$dir/mod" GOFLAGS=-modcacherw GOWORK=off

# The rules of IANA's source for these zones since 2007 and 2008.
cat >rules <<'END'
Rule EU 1981 max - Mar lastSun 1:00u 1:00 S
Rule EU 1996 max - Oct lastSun 1:00u 0 -
Rule US 2007 max - Mar Sun>=8 2:00 1:00 D
Rule US 2007 max - Nov Sun>=1 2:00 0 S
Rule AN 2008 max - Apr Sun>=1 2:00s 0 S
Rule AN 2008 max - Oct Sun>=1 2:00s 1:00 D
Zone Europe/London 0:00 EU GMT/BST
Zone America/New_York -5:00 US E%sT
Zone Australia/Sydney 10:00 AN AE%sT
END

cat >go.mod <<'END'
module finding

go 1.26
END
cat >main.go <<'END'
package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	for _, form := range []string{"slim", "fat"} {
		for _, name := range []string{"Europe/London", "America/New_York", "Australia/Sydney"} {
			data, err := os.ReadFile(form + "/" + name)
			if err != nil {
				panic(err)
			}
			zone, err := time.LoadLocationFromTZData(name, data)
			if err != nil {
				panic(err)
			}
			for _, year := range []int{2027, 2028} {
				at := time.Date(year, time.December, 31, 12, 0, 0, 0, time.UTC).In(zone)
				_, end := at.ZoneBounds()
				_, next := end.ZoneBounds()
				fmt.Println(form, name, at.Format(time.RFC3339), "ends", end.UTC().Format(time.RFC3339),
					"then", next.UTC().Format(time.RFC3339))
			}
		}
	}
}
END

cat >expected <<'END'
slim Europe/London 2027-12-31T12:00:00Z ends 2028-01-01T00:00:00Z then 2028-03-26T01:00:00Z
slim Europe/London 2028-12-31T12:00:00Z ends 2028-12-31T00:00:00Z then 2028-12-31T00:00:00Z
slim America/New_York 2027-12-31T07:00:00-05:00 ends 2028-01-01T00:00:00Z then 2028-03-12T07:00:00Z
slim America/New_York 2028-12-31T07:00:00-05:00 ends 2028-12-31T00:00:00Z then 2028-12-31T00:00:00Z
slim Australia/Sydney 2027-12-31T23:00:00+11:00 ends 2028-01-01T00:00:00Z then 2028-04-01T16:00:00Z
slim Australia/Sydney 2028-12-31T23:00:00+11:00 ends 2028-12-31T00:00:00Z then 2028-12-31T00:00:00Z
fat Europe/London 2027-12-31T12:00:00Z ends 2028-03-26T01:00:00Z then 2028-10-29T01:00:00Z
fat Europe/London 2028-12-31T12:00:00Z ends 2029-03-25T01:00:00Z then 2029-10-28T01:00:00Z
fat America/New_York 2027-12-31T07:00:00-05:00 ends 2028-03-12T07:00:00Z then 2028-11-05T06:00:00Z
fat America/New_York 2028-12-31T07:00:00-05:00 ends 2029-03-11T07:00:00Z then 2029-11-04T06:00:00Z
fat Australia/Sydney 2027-12-31T23:00:00+11:00 ends 2028-04-01T16:00:00Z then 2028-09-30T16:00:00Z
fat Australia/Sydney 2028-12-31T23:00:00+11:00 ends 2029-03-31T16:00:00Z then 2029-10-06T16:00:00Z
END

for form in slim fat; do
	zic -b "$form" -d "$form" rules >install 2>&1 || { cat install >&2; exit 2; }
done
go run . >seen || exit 2
diff -u expected seen
cat seen
