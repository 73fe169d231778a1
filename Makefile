# `make run` starts everything on embedded defaults; `make test` runs every test.
.DEFAULT_GOAL := help
SHELL := /bin/bash
CARGO ?= cargo
ARGS ?=

.PHONY: help setup run test properties crash orphans kill fleet leave invariants policy detectors bench-dlp lint fmt bench bench-outage bench-report bench-sessions bench-routing bench-tools bench-injection bench-sandbox deny fuzz webchat console

help: ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## Installs what a build needs, where it is missing
	@scripts/setup.sh

run: setup ## Builds and starts everything; prints one curl line that answers
	$(CARGO) run --release --locked --package orchestack -- serve $(ARGS)

# Property tests draw the same cases in every run, so that a red one is red again; `make properties` draws others.
SEED ?= 2718281828
test: setup ## Installs what the tests need, starts the services, runs every test
	@scripts/services.sh
	@scripts/sdks.sh
	@scripts/console.sh
	$(CARGO) build --locked --workspace --all-targets
	@set -a; . target/test.env; set +a; $(CARGO) nextest --version >/dev/null 2>&1 || $(CARGO) install --locked cargo-nextest
	@set -a; . target/test.env; set +a; PROPTEST_RNG_SEED=$(SEED) $(CARGO) nextest run --locked --workspace
	$(CARGO) test --locked --workspace --doc
	@[ ! -d console/node_modules ] || (cd console && npm test --silent)

CASES ?= 4096
properties: ## Property tests with CASES cases each, drawn anew: what they find belongs into a test of its own
	@scripts/services.sh
	$(CARGO) build --locked --workspace --all-targets
	@set -a; . target/test.env; set +a; PROPTEST_CASES=$(CASES) $(CARGO) nextest run --locked --workspace --profile full \
		--no-fail-fast -E 'not package(orchestack-tests)'

crash: ## Kills the gateway in the middle of streams, 50 times on each database
	@scripts/services.sh
	$(CARGO) build --locked --workspace --all-targets
	@set -a; . target/test.env; set +a; ORCHESTACK_FULL=1 $(CARGO) nextest run --locked --workspace \
		--success-output immediate -E 'package(orchestack-tests) and test(crash::)'

orphans: ## Kills who runs sandboxes at 50 moments, and looks for what stays
	@scripts/services.sh
	ORCHESTACK_FULL=1 $(CARGO) nextest run --locked --workspace --success-output immediate \
		-E 'package(orchestack-sandbox) and test(leave_no_orphan)'

KILLS ?= 200
kill: ## Kills each process at every arrow of a message's way: KILLS times in one process, and as often one of many
	@scripts/services.sh
	$(CARGO) build --locked --workspace --all-targets
	@set -a; . target/test.env; set +a; ORCHESTACK_KILLS=$(KILLS) $(CARGO) nextest run --locked --workspace --profile full \
		--success-output immediate -E 'package(orchestack-tests) and test(/^kill::/)'

fleet: ## 10,000 streams of four gateways against one dollar, one gateway stopped for a while
	@scripts/services.sh
	$(CARGO) build --release --locked --workspace --bins
	@set -a; . target/test.env; set +a; ORCHESTACK_FULL=1 $(CARGO) nextest run --release --locked --profile full \
		--package orchestack-tests --success-output immediate -E 'test(four_gateways)'

leave: ## 10,000 callers that leave at any byte, on each database
	@scripts/services.sh
	$(CARGO) build --release --locked --workspace --bins
	@set -a; . target/test.env; set +a; ORCHESTACK_FULL=1 $(CARGO) nextest run --release --locked --profile full \
		--package orchestack-tests --success-output immediate -E 'test(/^leave::/)'

invariants: ## A million random sequences of the ledger's operations against its model; a hundred days
	ORCHESTACK_FULL=1 $(CARGO) nextest run --release --locked --profile full --package orchestack-budget \
		--success-output immediate

policy: ## Long policy tests: a million decisions against the twin, a thousand swaps under load
	@scripts/services.sh
	$(CARGO) build --release --locked --workspace --bins
	@set -a; . target/test.env; set +a; ORCHESTACK_FULL=1 $(CARGO) nextest run --release --locked --profile full \
		--package orchestack-policy --package orchestack-tests --success-output immediate \
		-E 'package(orchestack-policy) or test(/^(swap|bypass|bad_commits)::/)'

detectors: ## Writes the pages of docs/detectors from the catalogue
	$(CARGO) run --locked --package orchestack -- dlp kinds --markdown docs/detectors

lint: ## Format and lints, as in continuous integration
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

fmt: ## Formats everything
	$(CARGO) fmt --all

webchat: ## Builds the page and the widget of the webchat from their sources, with Node
	cd connectors/webchat && npm ci --silent && npm run --silent check && npm run --silent build

console: ## Builds the console into console/dist; the next build of the program takes it in
	@scripts/console.sh

deny: ## Licences, bans and who may depend on whom
	$(CARGO) deny check bans licenses sources

FUZZ ?= openai_stream
fuzz: ## Looks for new inputs that break a promise (needs cargo-fuzz and a nightly compiler)
	cargo +nightly fuzz run --fuzz-dir fuzz/targets $(FUZZ) fuzz/corpus/$(FUZZ) -- -max_total_time=60

bench: ## The load bench: nginx, a bare pass-through and the gateway with everything on, interleaved
	$(CARGO) build --profile dist --locked --workspace --bins
	benches/load.sh

bench-tools: ## What the gateway adds to a call of a tool, interleaved with direct calls of the same server
	$(CARGO) build --release --locked --workspace --bins
	ORCHESTACK_FULL=1 $(CARGO) nextest run --release --locked --profile full --package orchestack-tests \
		--success-output immediate -E 'test(tools::latency)'

bench-injection: ## InjecAgent, of DATA, replayed through the gateway: how many attacks are stopped, and how much of what users want is not
	$(CARGO) build --locked --workspace --all-targets
	@scripts/sdks.sh
	target/sdk-venv/bin/python benches/injection/replay.py $(DATA)

bench-sandbox: ## How fast sandboxes start, how many there are in a second, what a hostile neighbour takes away
	@. scripts/packages.sh; need bwrap bubblewrap; need prlimit util-linux; need perl perl-base; install_missing
	$(CARGO) build --profile dist --locked --workspace --bins
	$(CARGO) bench --profile dist --locked --workspace --bench sandbox -- --helper target/dist/orchestack $(ARGS)

bench-outage: ## What callers see when one of three providers fails and one becomes slow
	$(CARGO) build --profile dist --locked --workspace --bins
	@. scripts/packages.sh; need wrk wrk; need git git; install_missing
	python3 benches/outage.py

bench-routing: ## What the router chooses for 212 tasks whose adequate models are known, and what it costs
	$(CARGO) build --locked --workspace --all-targets
	@. scripts/packages.sh; need git git; install_missing
	python3 benches/routing.py

SESSIONS ?= 100 1000 10000
bench-sessions: ## What SESSIONS people on the webchat wait for, and what those cost who say nothing
	$(CARGO) build --release --locked --workspace --bins
	@. scripts/packages.sh; need git git; install_missing
	python3 benches/sessions.py --sessions $(SESSIONS)

ROWS ?= 10000000
bench-dlp: ## How accurate the DLP engine is on labelled rows of DATA, beside its peers where they are installed, and its speed
	python3 benches/dlp/evaluate.py $(DATA) --code --peers
	$(CARGO) run --release --locked --package orchestack-dlp --example speed

bench-report: ## How long reports take over a ledger of ROWS rows, on both databases (20 GB of disk)
	@scripts/services.sh
	@set -a; . target/test.env; set +a; $(CARGO) bench --locked --workspace --bench report -- $(ROWS)
