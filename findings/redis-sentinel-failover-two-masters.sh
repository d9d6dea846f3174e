#!/bin/sh
# Redis 7.0.15 (Debian's redis-server and redis-tools) with Sentinel: a failover that was
# asked for, of servers that are all well, has two masters for seconds.
#
# CLUSTER FAILOVER and FAILOVER have the master stop its clients until its replica has all
# they wrote. SENTINEL FAILOVER does not: a replica becomes a master at once, and the former
# one hears of it only when the failover is over and a sentinel has seen for a while that
# it still calls itself a master. Until then clients that are connected to it write there,
# while those that ask a sentinel write to the new one. All that the former one took in that
# time is gone when it becomes a replica, although it was answered OK.
#
# Needs redis-server and redis-cli. Exit 0: as described, 1: it has changed, 2: it could not be run.
set -eu
command -v redis-server >/dev/null && command -v redis-cli >/dev/null || exit 2
dir=$(mktemp -d)
pids=
trap 'kill $pids 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM
cd "$dir"

port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 5000))
first=$port second=$((port + 1)) sentinel=$((port + 2))
mkdir 1 2
redis-server --port $first --bind 127.0.0.1 --save "" --dir "$dir/1" >/dev/null & pids=$!
redis-server --port $second --bind 127.0.0.1 --save "" --dir "$dir/2" --repl-diskless-sync-delay 0 \
	--replicaof 127.0.0.1 $first >/dev/null & pids="$pids $!"
cat >sentinel.conf <<END
port $sentinel
bind 127.0.0.1
dir $dir
sentinel monitor shops 127.0.0.1 $first 1
END
redis-server sentinel.conf --sentinel >/dev/null & pids="$pids $!"

said() { redis-cli -p "$1" "$2" "$3" 2>/dev/null | tr -d '\r'; }
role() { said "$1" info replication | sed -n 's/^role://p'; }
wait_for() { # tenths of a second, what
	n=$1; shift
	while ! "$@"; do
		n=$((n - 1))
		[ $n -gt 0 ] || { echo "never: $*" >&2; exit 2; }
		sleep 0.1
	done
}
copies() { said $second info replication | grep -q '^master_link_status:up'; }
knows() { redis-cli -p $sentinel sentinel replicas shops 2>/dev/null | grep -qx "$second"; }
promoted() { [ "$(role $second)" = master ]; }
demoted() { [ "$(role $first)" = slave ]; }
wait_for 200 copies
wait_for 200 knows

redis-cli -p $sentinel sentinel failover shops >/dev/null
wait_for 300 promoted
both=0 answered=0
while ! demoted; do
	[ "$(redis-cli -p $first incr written)" -gt 0 ] && answered=$((answered + 1))
	both=$((both + 1))
	[ $both -lt 600 ] || exit 2
	sleep 0.1
done
wait_for 300 sh -c "redis-cli -p $first info replication | grep -q '^master_link_status:up'"
left=$(redis-cli -p $first get written)

{
	if [ $both -ge 10 ]; then echo "both called themselves master for a second or more"; else echo "tenths of a second: $both"; fi
	if [ $answered -ge 10 ]; then echo "the former one answered ten writes or more"; else echo "answered: $answered"; fi
	echo "what it has of them as a replica: '$left'"
} >seen
cat >expected <<'END'
both called themselves master for a second or more
the former one answered ten writes or more
what it has of them as a replica: ''
END
diff -u expected seen
cat seen
echo "(here it took $both tenths of a second or more, and $answered writes)"
