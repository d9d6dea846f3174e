#!/bin/sh
# Prints where tests keep their files: in memory, where the machine has plenty, since the
# servers of hundreds of tests write and sync a lot that nobody reads. Nothing: where they
# always do.
set -eu

[ -z "${TMPDIR:-}" ] || exit 0 # somebody chose
in=/dev/shm
plenty=8388608 # KiB
kib() { df -Pk "$in" 2>/dev/null | awk 'NR == 2 {print $4}'; }
if [ -d "$in" ] && [ -w "$in" ] && [ "$(kib)" -ge "$plenty" ] 2>/dev/null &&
	[ "$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)" -ge "$plenty" ]; then
	echo "$in"
fi
