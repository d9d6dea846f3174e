#!/bin/sh
# Prints where tests keep their files: in memory, where the machine has plenty, since the
# servers of hundreds of tests write and sync a lot that nobody reads. Nothing: where they
# always do.
set -eu

[ -z "${TMPDIR:-}" ] || exit 0 # somebody chose
in=/dev/shm
plenty=8388608 # KiB
kib() { df -Pk "$in" 2>/dev/null | awk 'NR == 2 {print $4}'; }
runs() { # some refuse to run programs, and some tests build one
	f=$(mktemp "$in/homing.XXXXXX") && printf '#!/bin/sh\n' >"$f" && chmod +x "$f" && "$f" && rm -f "$f" && return
	rm -f "$f"
	return 1
}
if [ -d "$in" ] && [ -w "$in" ] && [ "$(kib)" -ge "$plenty" ] &&
	[ "$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)" -ge "$plenty" ] && runs; then
	echo "$in"
fi 2>/dev/null
