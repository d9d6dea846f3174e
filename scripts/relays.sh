#!/bin/sh
# Fetches Exim, Postfix and OpenSMTPD as Debian packages them, unpacks them into a folder
# that is deleted afterwards, and runs the tests of Homing's mailer against them. Nothing
# is installed. Where they cannot be fetched or run, it says so and does without. Arguments
# are those of go test; -short leaves out what takes long. Vetting is make check's.
set -eu

skip() {
	echo "relays: skipped: $1"
	exit 0
}

command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1 || skip "the mail servers are those of Debian or Ubuntu, and this system has no apt-get"
[ "$(id -u)" = 0 ] || skip "mail servers need root"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT INT TERM
chmod 755 "$dir"
mkdir "$dir/packages"
echo "relays: fetching the packages"
# fetch gets packages, and says no where one of them cannot be had.
fetch() {
	(cd "$dir" && timeout 60 apt-get download -qq "$@" >"$dir/log" 2>&1)
}
if ! fetch libnss-wrapper; then
	if [ "${CI:-}" != true ] || ! timeout 60 apt-get update -qq >/dev/null 2>&1 || ! fetch libnss-wrapper; then
		tail -3 "$dir/log"
		skip "the packages cannot be fetched; apt-get update may help"
	fi
fi
for server in "Exim exim4-daemon-light exim4-base libidn12" "Postfix postfix" "OpenSMTPD opensmtpd"; do
	# shellcheck disable=SC2086 # the name, and several packages
	set -- $server "--" "$@"
	name=$1
	shift
	wanted=
	while [ "$1" != "--" ]; do
		wanted="$wanted $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # several packages
	fetch $wanted || echo "relays: without $name: its packages cannot be fetched"
done
for package in "$dir"/*.deb; do
	dpkg -x "$package" "$dir/packages"
done
# A program that changes its user forgets the libraries it was told to load.
find "$dir/packages" -type f -perm /6000 -exec chmod ug-s {} +
export HOMING_RELAYS=$dir/packages
go test -vet=off -count=1 -timeout 15m "$@" ./pkg/homingtest/relays
go test -vet=off -count=1 -timeout 15m "$@" -run '^Test(ReplicasShareAPostfix|ABounceComesBackThroughPostfix)' ./pkg/homingtest/replicas
