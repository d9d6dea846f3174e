#!/bin/sh
# Redis 7.0 (Debian 12: 7.0.15) with go-redis v9.21.0: a command that the ACL forbids has
# another error inside a script than outside, and no code that tells it from others.
#
# A user may run EVAL and GET, but not TIME. TIME by itself is refused with "NOPERM this user has no
# permissions to run the 'time' command". Called in a script it is refused with "ERR The
# user executing the script can't run this command or subcommand": the general code ERR,
# and not a word of which command it was. A client that looks for NOPERM to tell a lack of
# rights, which no retry mends, from a passing failure takes this for the latter. We
# expected the same error in both places. So Homing knows both wordings, and tries every
# command that its scripts use by itself at the start.
#
# Needs Go and redis-server 7.0. Exit 0: as described, 1: it has changed, 2: it could not be run.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM
cd "$dir"
export GOFLAGS=-modcacherw GOWORK=off
redis-server --version | grep -q 'v=7\.0\.' || { echo "this is about redis-server 7.0" >&2; exit 2; }

cat >main.go <<'END'
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"
	"time"

	"github.com/redis/go-redis/v9"
)

func main() {
	dir, err := os.MkdirTemp("", "redis")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	server := exec.Command("redis-server", "--port", "0", "--unixsocket", dir+"/s", "--save", "", "--dir", dir)
	if err := server.Start(); err != nil {
		log.Fatal(err)
	}
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	ctx := context.Background()
	admin := redis.NewClient(&redis.Options{Network: "unix", Addr: dir + "/s"})
	for range 100 {
		if err = admin.Ping(ctx).Err(); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err == nil {
		err = admin.Do(ctx, "ACL", "SETUSER", "app", "on", ">pw", "~*", "+eval", "+get", "+hello", "+auth").Err()
	}
	if err != nil {
		log.Fatal(err)
	}
	app := redis.NewClient(&redis.Options{Network: "unix", Addr: dir + "/s", Username: "app", Password: "pw", DisableIdentity: true})
	fmt.Println("TIME:        ", app.Time(ctx).Err())
	fmt.Println("in a script: ", app.Eval(ctx, "return redis.call('TIME')", nil).Err())
}
END
{ go mod init finding && go get github.com/redis/go-redis/v9@v9.21.0 && go build -o finding .; } >install 2>&1 ||
	{ cat install >&2; exit 2; }
./finding 2>log >all || { cat log >&2; exit 2; }
sed 's/ script: [0-9a-f]*, on @user_script:[0-9]*\.*$//' all >seen

cat >expected <<'END'
TIME:         NOPERM this user has no permissions to run the 'time' command
in a script:  ERR The user executing the script can't run this command or subcommand
END
diff -u expected seen
cat seen
