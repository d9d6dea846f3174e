#!/bin/sh
# Go 1.26.8, net/http: a POST with the header Idempotency-Key is made twice.
#
# A client sends POSTs over a connection that is kept. The server reads the second one to
# its end and closes the connection without an answer. Without the header, Do returns an
# error, and the caller knows that nobody knows. With the header Idempotency-Key, which APIs
# ask for so that callers may repeat requests, the transport makes the request again by
# itself, within the same Do, and returns the second answer: the server has it twice, and
# the caller sees one success. The header need not have a value: an empty one in the map of
# headers is not even sent, and has the same effect. (The documentation of Transport says so.)
#
# We expected that a POST is made once for each call, whatever its headers.
#
# Needs Go. Exit 0: as described, 1: it has changed, 2: it could not be run.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM
cd "$dir"
export GOFLAGS= GOWORK=off

cat >main.go <<'GO'
package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
)

func try(name string, header http.Header) {
	var got atomic.Int32
	keys := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		if got.Add(1) == 2 {
			panic(http.ErrAbortHandler)
		}
		keys = fmt.Sprintf("%q", r.Header["Idempotency-Key"])
	}))
	defer s.Close()
	said := ""
	for range 2 {
		req, _ := http.NewRequest(http.MethodPost, s.URL, strings.NewReader("{}"))
		req.Header = header.Clone()
		res, err := s.Client().Do(req)
		if err != nil {
			said += " failed"
			continue
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		said += " " + res.Status
	}
	fmt.Printf("%s: two calls,%s; %d requests arrived, key %s\n", name, said, got.Load(), keys)
}

func main() {
	try("without the header", http.Header{})
	try("with a key", http.Header{"Idempotency-Key": {"order-20001"}})
	try("with an empty entry", http.Header{"Idempotency-Key": {}})
}
GO
{ go mod init finding && go build -o finding .; } >install 2>&1 ||
	{ cat install >&2; exit 2; }
./finding >seen || exit 2

cat >expected <<'TXT'
without the header: two calls, 200 OK failed; 2 requests arrived, key []
with a key: two calls, 200 OK 200 OK; 3 requests arrived, key ["order-20001"]
with an empty entry: two calls, 200 OK 200 OK; 3 requests arrived, key []
TXT
diff -u expected seen
cat seen
