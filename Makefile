# `make help` lists what there is to do.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# dev builds in a fraction of the time; `make run PROFILE=release` is what you measure.
PROFILE ?= dev
# Options of `make chaos`: `CHAOS='--seed 7 --rounds 1 --faults clock,kill'`.
CHAOS ?=
# Of `make bench`: release, or dist, which images have and which takes longer to build.
BENCH_PROFILE ?= release
# A name that a measurement of `make bench-micro` contains.
BENCH ?=
# Targets of `make fuzz` (all), and how long each runs.
FUZZ ?=
FUZZ_SECONDS ?= 60
# A folder with binaries for `make compose-test`, which compiles them in the image without it.
BINARIES ?=
# Where `make run` listens and keeps its data.
LISTEN ?= 127.0.0.1:7000
DATA ?= data

profile_dir := $(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
# Only recipes that need a server pay for looking for one.
with_nats := NATS_SERVER=$$(deploy/scripts/get-nats-server.sh); export NATS_SERVER;
with_postgres := deploy/scripts/with-postgres.sh
with_tools := deploy/scripts/get-tools.sh; export PATH="$(CURDIR)/.tools/bin:$$PATH";
advisories := https://github.com/rustsec/advisory-db

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## build, and run the whole system with the lobby (LISTEN=, DATA=, PROFILE=release)
	@deploy/scripts/build-console.sh --optional
	@$(with_nats) cargo build --profile $(PROFILE) -p manyworlds; \
	exec target/$(profile_dir)/manyworlds up --listen $(LISTEN) --data $(DATA) \
		--world deploy/worlds/lobby.yaml

.PHONY: console
console: ## build the web page of the gateway, which embeds it (needs Node.js)
	@deploy/scripts/build-console.sh

.PHONY: build
build: ## build every binary that is deployed, optimised
	@deploy/scripts/build-console.sh --optional
	cargo build --release --workspace --exclude system-tests --bins

.PHONY: check
check: ## formatting, lints, documentation, dependencies, spelling: no warning is let through
	cargo fmt --all --check
	@$(with_tools) set -x; typos; \
	git grep --name-only -E '^#!/.*sh$$' | xargs shellcheck; \
	actionlint .github/workflows/*.yml; \
	deploy/scripts/check-deploy.sh; \
	cargo machete; \
	cargo deny --locked check --deny warnings bans licenses sources
	@$(with_tools) if curl -fs --connect-timeout 5 --max-time 20 -o /dev/null $(advisories); \
	then cargo deny --locked check advisories; \
	else echo "advisories: not checked, $(advisories) can't be reached"; fi
	@deploy/scripts/build-console.sh; cd services/gateway/console; npm run --silent check
	cargo clippy --workspace --all-targets --all-features -- -D warnings
	cargo clippy -p manyworlds --no-default-features -- -D warnings
	@# Nothing is linked, so that no C++ compiler is needed for the fuzzer's own code.
	CUSTOM_LIBFUZZER_PATH=./libfuzzer.a cargo clippy --locked --manifest-path fuzz/Cargo.toml -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features

.PHONY: test
test: ## every test, with a real nats-server and a throw-away PostgreSQL
	@deploy/scripts/build-console.sh; cd services/gateway/console; npm test --silent
	@$(with_tools) $(with_nats) $(with_postgres) bash -euc \
		'cargo build --workspace --bins --examples; cargo test --workspace --doc; \
		 cargo nextest run --workspace; \
		 cargo test -p manyworlds-sdk --doc --all-features; \
		 cargo nextest run -p manyworlds-sdk --all-features'

.PHONY: docs
docs: ## build the book of docs/ in target/docs/book
	@deploy/scripts/get-tools.sh docs; PATH="$(CURDIR)/.tools/bin:$$PATH" deploy/scripts/docs.py

.PHONY: picture
picture: ## record docs/chat.svg, the picture of README.md, from a real run
	@$(with_nats) cargo build -p manyworlds; \
	python3 -m venv .tools/picture; \
	.tools/picture/bin/pip install --quiet --disable-pip-version-check pexpect==4.9.0 pyte==0.8.2 rich==15.0.0; \
	.tools/picture/bin/python deploy/scripts/record-chat.py

.PHONY: bench
bench: ## measure, each number beside its control (BENCH_PROFILE=dist for the build of the images)
	@deploy/scripts/build-console.sh --optional
	@$(with_nats) cargo build --profile $(BENCH_PROFILE) --workspace --bins --examples; \
	target/$(BENCH_PROFILE)/bench --json target/bench.json

.PHONY: chaos
chaos: ## put faults into a whole system under load, and count what is missing (release build; CHAOS=options)
	@$(with_nats) $(with_postgres) bash -euc \
		'cargo build --release --workspace --bins; \
		 target/release/chaos $(CHAOS)'

.PHONY: compose-test
compose-test: ## the images and docker-compose.yml on a Docker engine, each container killed once (BINARIES=target/dist)
	@BINARIES="$(BINARIES)" deploy/scripts/compose-test.sh

.PHONY: upgrade-test
upgrade-test: ## replace every service of an earlier commit by this build, under load (FROM=commit)
	@$(with_nats) deploy/scripts/upgrade-test.sh "$(FROM)"

.PHONY: bench-micro
bench-micro: ## measure the rules and the schemas by themselves, with Criterion (BENCH=name)
	cargo bench -p manyworlds-rules -p manyworlds-schema -- $(BENCH)

.PHONY: publish-check
publish-check: ## package the crates that others depend on, and build each package by itself
	cargo publish --workspace --dry-run

.PHONY: fuzz
fuzz: ## feed what reads bytes of others with bytes of a fuzzer, FUZZ_SECONDS= each (FUZZ=target ...)
	@deploy/scripts/get-tools.sh fuzz; export PATH="$(CURDIR)/.tools/bin:$$PATH"; \
	FUZZ_SECONDS=$(FUZZ_SECONDS) deploy/scripts/fuzz.sh $(FUZZ)

.PHONY: clean
clean: ## remove what was built; the data of `make run` stays
	cargo clean
