# Everything a contributor runs. CI runs these targets and nothing else.

.DEFAULT_GOAL := help
.PHONY: help dev build generate mjml test long check bench capacity bench-calendar bench-why bench-console side-by-side year race race-short partitions replicas upgrade relays story rehearsal due clicks forecast recommend fuzz cldr intl tzdata caniemail studio charts morph pictures axe js subscribers cloudevents alerts deploy-check release release-check clean

ARGS ?=
FUZZTIME ?= 30s
KILLS ?= 60
DUE ?= 100000
PARTITIONS ?= 2
# The version that make upgrade runs beside this one.
OLDER ?= v0.1.0
CLICKS ?= 60000
# The release of CLDR that is generated from: that of the Node that make intl ran with,
# so that the two can be compared to the letter.
CLDR ?= 48.1.0
# The version of npm's package caniemail, which carries the data of caniemail.com.
CANIEMAIL ?= 2.0.2
ZONEINFO ?= /usr/share/zoneinfo
# What has goroutines of its own: `make race-short` runs their tests under the race
# detector, which makes a test take many times as long, but for the longest; `make race`
# runs every test with it. Those that take longest are begun first.
CONCURRENT = ./pkg/delivery ./pkg/projection ./pkg/throughput ./pkg/mailer ./pkg/bus ./pkg/codelist ./pkg/control ./pkg/gateway ./pkg/intake \
	./pkg/schedule ./pkg/timeline ./pkg/combine ./pkg/limits ./pkg/visit
# All packages. Those that take longest are begun first: the others have the other cores.
ALL = ./pkg/homingtest ./pkg/delivery ./pkg/studio ./pkg/homingtest/story ./...
# How many packages are compiled or tested at once: one more than there are cores, since
# some tests wait more than they work.
JOBS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
# How packages are tested. go test would vet every package again, with a part of what make
# check has vetted them with. Linking is a good part of it, and quicker without what
# debuggers need.
GOTEST = $(IN_MEMORY) go test -vet=off -p $(JOBS) -timeout 20m -ldflags='-s -w'
# Where tests keep their files. What go builds stays where it was.
TEST_DIR := $(shell scripts/test-dir.sh)
IN_MEMORY = $(if $(TEST_DIR),GOTMPDIR=$${GOTMPDIR:-/tmp} TMPDIR=$(TEST_DIR))
# What was built and tested in one folder need not be again in another: a clone of a commit
# that this machine knows has only its tests to link.
export GOFLAGS := $(GOFLAGS) -trimpath
# Collecting as often as a server should is a sixth of what tests cost.
check test long: export GOGC = 400

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

dev: build ## Start everything in one process (make dev ARGS="--demo --speed 3600")
	bin/homing dev $(ARGS)

build: ## Build bin/homing
	go build -o bin/homing ./cmd/homing

generate: ## Write what follows from the code: asyncapi.yaml, tables in README and docs
	go generate ./...

test: ## Run the tests, but for those that take longest: make long runs all
	@scripts/install-test-tools.sh
	$(GOTEST) -short $(ALL)

long: ## Run every test, the longest too; twenty minutes or more
	@scripts/install-test-tools.sh
	$(GOTEST) -timeout 60m $(ALL)

check: ## Everything a change must pass: format, vet, fix, tidy, staticcheck, and the tests that make test runs
	@scripts/install-test-tools.sh
	scripts/gofmt.sh
	go vet ./...
	go vet -tags year,story,million ./pkg/homingtest/... ./pkg/calendar
	go fix -diff ./...
	go mod tidy -diff
	go tool staticcheck ./...
	$(GOTEST) -short $(ALL)
	scripts/relays.sh -short

bench: ## Measure on this machine, against NATS and Redis processes of its own; a busy machine gets no verdict
	go run ./pkg/homingtest/bench $(ARGS)

capacity: ## Measure what a large installation asks: a million pending touches, a burst, a million customers, several processes; takes ten minutes or more (ARGS=-quick: two)
	go run ./pkg/homingtest/bench -capacity -markdown $(ARGS)

bench-calendar: ## Find today's dates among a million customers in a Redis
	go test -tags million -run '^TestTodaysDatesAreFoundAmongMany$$' -timeout 30m -v ./pkg/calendar

bench-why: ## Ask why among 100,000 customers with 3 million timeline entries
	go test -tags million -run '^TestWhyIsQuickAmongMany$$' -timeout 60m -v ./pkg/homingtest

bench-console: ## Say how long each page of the console takes, to answer and to be painted, in a store of 100,000 customers with 3 million timeline entries
	go test -tags million -run '^TestTheConsoleIsQuick$$' -timeout 60m -v ./pkg/homingtest

side-by-side: ## Send an announcement, and next to it the same as a campaign of listmonk, whose source with the program in it is in LISTMONK; POSTGRES may say where initdb is (docs/performance.md)
	go run ./pkg/homingtest/bench -only side-by-side -listmonk "$(LISTMONK)" -postgres "$(POSTGRES)" $(ARGS)

year: ## Let customers live a year of fake time
	GOGC=400 go test -tags year -run '^TestAYear$$' -timeout 30m -v ./pkg/homingtest

race-short: ## Run the tests of what works at several things at once under the race detector, but for the longest
	$(GOTEST) -race -short -shuffle=on $(CONCURRENT)

race: ## Run every test under the race detector, which takes a long time
	go test -race -shuffle=on -timeout 60m ./...

partitions: ## Tell every story of the tests of an installation with PARTITIONS (2) partitions; takes some minutes
	HOMING_TEST_PARTITIONS=$(PARTITIONS) go test -count=1 -vet=off -timeout 40m ./pkg/homingtest

replicas: ## Kill processes of Homing, NATS and Redis KILLS (60) times while emails go out
	HOMING_KILLS=$(KILLS) go test -count=1 -timeout 60m -v ./pkg/homingtest/replicas

upgrade: ## Run OLDER (v0.1.0) and this version beside each other, an upgrade and the way back
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && older=$$(scripts/older.sh $(OLDER) "$$dir") && \
	HOMING_OLDER="$$older" go test -count=1 -run '^TestVersionsBesideEachOther$$' -timeout 20m -v ./pkg/homingtest/replicas

relays: ## Send through real Exim, Postfix and OpenSMTPD from Debian's packages, which are fetched and not installed (make check runs a short version)
	scripts/relays.sh $(ARGS)

story: ## Let a shop of 200 customers live for thirteen months of fake time
	GOGC=400 go test -count=1 -vet=off -tags story -run '^TestAShopLives$$' -timeout 20m -v ./pkg/homingtest/story

rehearsal: ## Let a shop live on fake time and in a rehearsal, compare every touch, and say how many times as fast that is
	GOGC=400 go test -count=1 -tags story -run '^TestARehearsalIsWhatHappens$$' -timeout 20m -v ./pkg/homingtest/story

due: ## Let DUE (100,000) emails be due at once, 50 of which may leave a second, on fake time
	HOMING_DUE=$(DUE) go test -count=1 -run '^TestThousandsAreDueAtOnce$$' -timeout 60m -v ./pkg/homingtest

clicks: ## Let CLICKS (60,000) customers unsubscribe by the link, 2,000 a second, while emails go out
	HOMING_CLICKS=$(CLICKS) go test -count=1 -run '^TestAFloodOfClicksWhileEmailsLeave$$' -timeout 30m -v ./pkg/homingtest/replicas

forecast: ## Say how well Homing foresees what customers do, in shops that are made up and in ARGS=orders.jsonl.gz; takes minutes
	go run ./pkg/homingtest/forecast $(ARGS)

recommend: ## Say how well recommendations foretell what customers buy next, in ARGS=orders.jsonl.gz, against bestsellers
	go run ./pkg/homingtest/forecast -recommendations $(ARGS)

fuzz: ## Fuzz every target for FUZZTIME (30s)
	scripts/fuzz.sh $(FUZZTIME)

cldr: ## Fetch Unicode CLDR's data (CLDR), with npm, and write what pkg/cldr uses of it
	scripts/cldr.sh $(CLDR)

# The releases of CloudEvents' official SDKs, for Go and for JavaScript.
SDK_GO ?= v2.16.2
SDK_JS ?= 10.0.0

cloudevents: ## Have CloudEvents' SDKs (SDK_GO, SDK_JS) publish orders, and write what arrives as test data
	scripts/cloudevents.sh $(SDK_GO) $(SDK_JS)

# The release of MJML that made the test data.
MJML ?= 4.18.0

mjml: ## Make the email that tests take for one made elsewhere, with npm's mjml (MJML)
	npx --yes mjml@$(MJML) pkg/render/testdata/document/mjml.mjml -o pkg/render/testdata/document/mjml.html

intl: ## Write what Node's Intl says, which the tests of pkg/cldr compare with
	node pkg/cldr/testdata/intl.mjs | gzip -9n > pkg/cldr/testdata/intl.txt.gz

tzdata: ## Pack the time zones of ZONEINFO (/usr/share/zoneinfo) for the binary to carry; update tzdata first
	scripts/tzdata.sh $(ZONEINFO)

caniemail: ## Fetch caniemail.com's data (CANIEMAIL), with npm, and write what pkg/mailprogram uses of it
	scripts/caniemail.sh $(CANIEMAIL)

studio: ## Bundle the studio's editor, with npm, at the versions that pkg/studio/editor/package.json names
	scripts/studio.sh

charts: ## Fetch uPlot, which draws the console's charts, with npm
	scripts/charts.sh 1.6.32

morph: ## Fetch idiomorph, with which the console's pages are brought up to date, with npm
	scripts/morph.sh 0.8.0

pictures: build ## Take the pictures of the documentation, with Chromium
	go run ./pkg/homingtest/contactsheet docs/images/emails.png
	go run ./pkg/homingtest/studiopictures docs/images
	go run ./pkg/homingtest/demopictures bin/homing docs/images

axe: ## Fetch axe-core, with npm, which tests ask whether everybody can use the pages
	scripts/axe.sh

js: ## Test the client for JavaScript and TypeScript (events/js), with npm and node, against a real NATS
	scripts/js.sh

subscribers: ## Run the examples for Medusa and Vendure in the real thing, with npm (and PostgreSQL); takes some minutes
	scripts/subscribers.sh

alerts: ## Check alerts and dashboards (deploy/) with Prometheus's own tools, which are compiled first
	scripts/alerts.sh

deploy-check: alerts ## Lint all that is in deploy/ with the libraries of Docker, Compose, Helm, Kubernetes and Prometheus; offline, minutes the first time
	cd deploy/check && go vet ./... && go test -count=1 ./...

release: ## Build what a release consists of into dist/: archives for linux and darwin, what is in them (SBOM), and sums; publishes nothing
	go run ./deploy/release $(ARGS)

release-check: ## Build a release of this commit twice, in two folders, and compare the bytes
	scripts/release-check.sh

clean: ## Remove what was built, and the state of make dev
	rm -rf bin dist .homing
