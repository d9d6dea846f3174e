#!/bin/sh
# github.com/goccy/go-yaml v1.19.2, yaml.Strict(): what it lets through of a
# configuration file, and what its errors say.
#
# 1. Of two misspelt fields it reports one, and not always the same: the one that a
#    range over a Go map comes to first. It does not suggest the field that was meant.
# 2. The text of an error quotes the lines around the problem: a password two lines
#    above a misspelt field ends up in the log. yaml.FormatError(err, false, false)
#    gives the same error without them.
# 3. It is strict about fields, not about values. 1.5 goes into an int as 1 and -1.9 as
#    -1 without an error, "7" in quotes as 7, a field with no value keeps its default.
#    010 is 8 as in YAML 1.1, where YAML 1.2 says 10; 0x10 is 16 in both.
#
# Needs Go. Exit 0: as described, 1: it has changed, 2: it could not be run.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM
cd "$dir"
export GOMODCACHE="$dir/mod" GOFLAGS=-modcacherw GOWORK=off

cat >main.go <<'END'
package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/goccy/go-yaml"
)

type config struct {
	Password string
	Hostname string
	Retries  int
}

func read(text string) (config, error) {
	c := config{Retries: 5}
	return c, yaml.UnmarshalWithOptions([]byte(text), &c, yaml.Strict())
}

func main() {
	const file = "password: not-a-real-secret\nhostnam: mail.example\nretrys: 3\n"
	fields := map[string]bool{}
	for range 500 {
		_, err := read(file)
		fields[yaml.FormatError(err, false, false)] = true
	}
	for _, text := range slices.Sorted(maps.Keys(fields)) {
		fmt.Println("one of:", text)
	}
	_, err := read("password: not-a-real-secret\nhostname: mail.example\nretrys: 3\n")
	fmt.Println(err)
	for _, value := range []string{"1.5", "-1.9", `"7"`, "", "010", "0x10", "many"} {
		c, err := read("retries: " + value + "\n")
		if err != nil {
			fmt.Printf("retries: %s is refused\n", value)
			continue
		}
		fmt.Printf("retries: %s is read as %d\n", value, c.Retries)
	}
}
END

cat >expected <<'END'
one of: [2:1] unknown field "hostnam"
one of: [3:1] unknown field "retrys"
[3:1] unknown field "retrys"
   1 | password: not-a-real-secret
   2 | hostname: mail.example
>  3 | retrys: 3
       ^

retries: 1.5 is read as 1
retries: -1.9 is read as -1
retries: "7" is read as 7
retries:  is read as 5
retries: 010 is read as 8
retries: 0x10 is read as 16
retries: many is refused
END

{ go mod init finding && go get github.com/goccy/go-yaml@v1.19.2; } >install 2>&1 ||
	{ cat install >&2; exit 2; }
go run . >seen || exit 2
diff -u expected seen
cat seen
