#!/bin/sh
# github.com/redis/go-redis/v9 v9.23.0 with Redis: OnConnect of a failover client is asked
# about connections to sentinels, too.
#
# FailoverOptions.OnConnect is documented with the options of the master's connections, and
# sentinels have user name and password of their own. It is called for every connection to
# a sentinel as well, before the client knows where the master is. One that refuses what is
# not the master it expects, or that sends a command which a sentinel does not know, makes
# the client say that all sentinels are unreachable, although they answered. A hook can
# tell them apart: INFO server says redis_mode:sentinel.
#
# Needs Go and redis-server. Exit 0: as described, 1: it has changed, 2: it could not be run.
set -eu
command -v redis-server >/dev/null || exit 2
dir=$(mktemp -d)
trap 'kill $pids 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM
pids=
cd "$dir"
export GOFLAGS=-modcacherw GOWORK=off

cat >main.go <<'END'
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

func free() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func main() {
	if len(os.Args) == 2 { // two free ports
		fmt.Println(free(), free())
		return
	}
	redis.SetLogger(quiet{})
	ctx := context.Background()
	master, sentinel := os.Args[1], os.Args[2]
	s := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + sentinel})
	for range 100 {
		if s.Ping(ctx).Err() == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := s.Do(ctx, "sentinel", "monitor", "shops", "127.0.0.1", master, 1).Err(); err != nil {
		log.Fatal(err)
	}
	modes := map[string]bool{}
	mode := func(ctx context.Context, c *redis.Conn) string {
		info, err := c.Info(ctx, "server").Result()
		if err != nil {
			log.Fatal(err)
		}
		_, rest, _ := strings.Cut(info, "redis_mode:")
		m, _, _ := strings.Cut(rest, "\r\n")
		return m
	}
	c := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "shops", SentinelAddrs: []string{"127.0.0.1:" + sentinel},
		OnConnect: func(ctx context.Context, c *redis.Conn) error { modes[mode(ctx, c)] = true; return nil }})
	fmt.Println("ping:", c.Ping(ctx).Err())
	fmt.Println("OnConnect saw a sentinel:", modes["sentinel"], "a master:", modes["standalone"])

	no := errors.New("not this one")
	c = redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "shops", SentinelAddrs: []string{"127.0.0.1:" + sentinel},
		OnConnect: func(ctx context.Context, c *redis.Conn) error {
			if mode(ctx, c) == "sentinel" {
				return no
			}
			return nil
		}})
	err := c.Ping(ctx).Err()
	fmt.Println("refusing sentinels only:", strings.Contains(fmt.Sprint(err), "all sentinels specified in configuration are unreachable"))
}
END
{ go mod init finding && go get github.com/redis/go-redis/v9@v9.23.0 && go build -o finding .; } >install 2>&1 ||
	{ cat install >&2; exit 2; }
set -- $(./finding ports)
redis-server --port "$1" --bind 127.0.0.1 --save "" --dir "$dir" >/dev/null & pids=$!
: >sentinel.conf
redis-server sentinel.conf --port "$2" --bind 127.0.0.1 --dir "$dir" --sentinel >/dev/null & pids="$pids $!"
./finding "$1" "$2" >seen || exit 2

cat >expected <<'END'
ping: <nil>
OnConnect saw a sentinel: true a master: true
refusing sentinels only: true
END
diff -u expected seen
cat seen
