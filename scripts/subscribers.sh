#!/bin/sh
# Runs the examples of subscribers (events/js/examples) in the real thing: Vendure with
# SQLite and, where there is a PostgreSQL to start or DATABASE_URL names an empty
# database, Medusa. npm fetches half a gigabyte; it takes some minutes.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)
work=$(mktemp -d)
stop() {
	[ ! -d "$work/pg/data" ] || runuser -u postgres -- "$pg_ctl" -D "$work/pg/data" stop -m immediate >/dev/null 2>&1 || true
	rm -rf "$work"
}
trap stop EXIT INT TERM

client() {
	mkdir -p node_modules/homing-events
	cp "$root"/events/js/*.js "$root"/events/js/*.d.ts "$root"/events/js/package.json node_modules/homing-events
}

echo "Vendure: npm fetches it"
mkdir "$work/vendure" && cd "$work/vendure"
npm init -y >/dev/null
npm install --no-package-lock --no-audit --no-fund --silent @vendure/core@3.7.3 better-sqlite3@12.11.1 typescript@5.9.3 @types/node@20
client
cp "$root/events/js/examples/vendure.ts" homing-plugin.ts
cp "$root/events/js/test/subscribers/vendure.cjs" run.cjs
node_modules/.bin/tsc --strict --skipLibCheck --target es2022 --module nodenext --experimentalDecorators --emitDecoratorMetadata --types node --outDir dist homing-plugin.ts
node run.cjs | grep '^Vendure:'

pg_ctl=$(command -v pg_ctl || find /usr/lib/postgresql -name pg_ctl 2>/dev/null | head -n 1)
if [ -z "${DATABASE_URL:-}" ]; then
	if [ -z "$pg_ctl" ] || [ "$(id -u)" != 0 ] || ! id postgres >/dev/null 2>&1; then
		echo "Medusa: not tried; it needs PostgreSQL, and root to start it, or DATABASE_URL"
		exit 0
	fi
	chmod 755 "$work"
	mkdir "$work/pg" && chown postgres "$work/pg"
	port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')
	runuser -u postgres -- "$(dirname "$pg_ctl")/initdb" -D "$work/pg/data" -A trust >/dev/null
	runuser -u postgres -- "$pg_ctl" -D "$work/pg/data" -o "-p $port -k $work/pg -c listen_addresses=127.0.0.1" -l "$work/pg/log" -w start >/dev/null
	DATABASE_URL=postgres://postgres@127.0.0.1:$port/postgres
fi
export DATABASE_URL
echo "Medusa: npm fetches it, which may take ten minutes"
mkdir -p "$work/medusa/src/subscribers" "$work/medusa/src/scripts" && cd "$work/medusa"
npm init -y >/dev/null
npm install --no-package-lock --no-audit --no-fund --silent --legacy-peer-deps @medusajs/medusa@2.21.2 @medusajs/framework@2.21.2 @medusajs/cli@2.21.2 typescript@5.9.3 ts-node@10 @swc/core@1 @types/node@20
client
cp "$root/events/js/examples/medusa.ts" src/subscribers/homing.ts
cp "$root/events/js/test/subscribers/medusa.ts" src/scripts/try.ts
cp "$root/events/js/test/subscribers/medusa-config.ts" .
cat >tsconfig.json <<'CONFIG'
{"compilerOptions": {"target": "ES2021", "module": "Node16", "moduleResolution": "Node16", "esModuleInterop": true, "strict": true, "emitDecoratorMetadata": true, "experimentalDecorators": true, "skipLibCheck": true, "outDir": "./.medusa/server", "rootDir": "./"}, "include": ["src"]}
CONFIG
node_modules/.bin/tsc --noEmit -p .
echo "Medusa: it makes its tables"
npx medusa db:migrate --skip-scripts >log 2>&1 || { tail -n 20 log; exit 1; }
echo "Medusa: it starts, and is ordered from"
npx medusa exec ./src/scripts/try.ts >log 2>&1 || { tail -n 40 log; exit 1; }
grep '^Medusa:' log || { tail -n 40 log; exit 1; }
