#!/bin/sh
# Looks for what the tests use apart from Go: redis-server, and the tools named as
# arguments (chromium). In CI (CI=true) what is missing is installed with apt-get, and
# redis-server is insisted on. Everywhere else nothing is installed: it says what the
# tests will run without, and how to get it.
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
	if [ "${CI:-}" != true ] || ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
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
	redis-server) echo "the tests that need a real one are skipped, the others run on the embedded one" ;;
	chromium) echo "no pictures of emails can be taken" ;;
	*) echo "what needs it will not run" ;;
	esac
}

for tool in redis-server "$@"; do
	if have "$tool"; then
		[ "$tool" != redis-server ] || echo "Redis: the embedded one, and $(redis-server --version | sed 's/ sha=.*//')"
		continue
	fi
	if install "$tool" && have "$tool"; then
		echo "installed $tool"
		continue
	fi
	if [ "${CI:-}" = true ]; then
		echo "$tool is missing and could not be installed (that needs apt-get, and root)"
		[ "$tool" != redis-server ] || exit 1
	else
		echo "$tool is not installed: $(without "$tool"). To have it, for example: sudo apt-get install $tool"
	fi
done
