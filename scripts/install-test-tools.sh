#!/bin/sh
# Installs what the tests use apart from Go, if it is missing: redis-server, and
# the tools named as arguments (chromium). It installs with apt-get if it runs as
# root; otherwise it says what the tests will run without. Only CI (CI=true)
# insists on redis-server.
set -eu

updated=no

# have finds a tool under any of its names.
have() {
	case $1 in
	chromium) command -v chromium || command -v chromium-browser || command -v google-chrome ;;
	*) command -v "$1" ;;
	esac >/dev/null 2>&1
}

install() {
	if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
		return 1
	fi
	if [ $updated = no ]; then
		apt-get update -qq || return 1
		updated=yes
	fi
	# Nothing may start a server of its own on the usual port.
	DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -qq -y --no-install-recommends "$1" >/dev/null
}

without() {
	case $1 in
	redis-server) echo "the tests run on the embedded Redis alone" ;;
	chromium) echo "no pictures of emails can be taken" ;;
	*) echo "what needs it will not run" ;;
	esac
}

for tool in redis-server "$@"; do
	if have "$tool"; then
		continue
	fi
	if install "$tool" && have "$tool"; then
		echo "installed $tool"
		continue
	fi
	echo "$tool is missing and could not be installed (that needs apt-get, and root): $(without "$tool")"
	if [ "$tool" = redis-server ] && [ "${CI:-}" = true ]; then
		exit 1
	fi
done
