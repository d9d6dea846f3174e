#!/bin/sh
# Says which Redis the tests will run on. In CI (CI=true) a real one is required.
set -eu

if found=$(command -v redis-server); then
	echo "Redis: the embedded one, and $found ($(redis-server --version | sed 's/.* v=\([^ ]*\).*/\1/'))"
	exit 0
fi
echo "Redis: the embedded one only. There is no redis-server here, so the tests that need a real one are skipped;"
echo "scripts/install-test-tools.sh installs it."
if [ "${CI:-}" = true ]; then
	echo "CI requires it."
	exit 1
fi
