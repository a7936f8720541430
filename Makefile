# Omniverto. `make` lists the targets; the steps of CI are the same scripts.
.DEFAULT_GOAL := help
.PHONY: help run test build web unit race check e2e bench bench-diff fuzz golden docs cover fresh prepare prepare-test

BENCH    ?= .
PACKAGES ?= ./...

help: ## list the targets
	@sed -n 's/^\([a-z][a-z0-9-]*\):[^#]*## \(.*\)/  \1\t\2/p' Makefile | expand -t 16

run: build ## install what is needed, build, and start a server (ARGS="--https :443 …")
	@exec bin/omniverto serve $(ARGS)

test: prepare-test build check unit race e2e ## install what tests need and run everything that must pass

build: prepare web ## leave the server in bin/omniverto
	@go build -trimpath -o bin/omniverto ./cmd/omniverto

web: prepare ## build the browser client
	@.ci/web.sh

unit: prepare ## test the packages and the client's modules
	go test $(PACKAGES)
	npm --prefix web run --silent test

race: prepare ## test the packages with the race detector and poisoned frames
	go test -race -tags debugframes $(PACKAGES)

check: prepare ## format, vet, staticcheck, import rules, tidy modules, types
	.ci/check.sh

e2e: prepare-test build ## drive a real server with real browsers
	@.ci/npm.sh test/browser
	npm --prefix test/browser run --silent test

bench: prepare ## run the kept benchmarks (BENCH=pattern)
	go test -run '^$$' -bench '$(BENCH)' -benchmem $(PACKAGES)

bench-diff: prepare ## compare benchmarks of two commits (OLD=main NEW=HEAD BENCH=… PACKAGES=…)
	.ci/bench-diff.sh $(or $(OLD),main) $(or $(NEW),HEAD) '$(BENCH)' $(PACKAGES)

fuzz: prepare ## run each fuzz target for FUZZTIME (30s)
	.ci/fuzz.sh

golden: prepare ## rewrite the golden pictures; look at them before committing
	go test $$(grep -rl --include='*_test.go' --exclude-dir=node_modules 'mediatest.Golden' . | xargs -n1 dirname | sort -u) -update

docs: prepare ## rewrite the generated parts of docs/, pictures of the layouts included
	go test ./docs -update
	go test ./mcu/room -run TestDocument -update

cover: prepare ## write a coverage report into cover/
	@mkdir -p cover
	go test -coverprofile cover/cover.out $(PACKAGES)
	go tool cover -html cover/cover.out -o cover/index.html

fresh: ## run `make run` and `make test` in a clean Debian 12 root (root only; see test/fresh)
	test/fresh/fresh.sh

prepare:
	@.ci/go-version.sh
	@.ci/install.sh build
	@.ci/npm.sh web

prepare-test: prepare
	@.ci/install.sh test
