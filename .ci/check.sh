#!/usr/bin/env bash
# Everything that reads the code without running the product.
set -eu
cd "$(dirname "$0")/.."

fail() {
  echo "check: $*" >&2
  exit 1
}

unformatted=$(git ls-files --cached --others --exclude-standard '*.go' | while read -r f; do [ ! -e "$f" ] || echo "$f"; done | xargs gofmt -l)
[ -z "$unformatted" ] || fail "gofmt would change: $unformatted"
go mod tidy -diff || fail "go.mod is not tidy"
go vet ./...
go vet -tags debugframes ./...
go tool staticcheck ./...
go test ./test
npm --prefix web run --silent check
bash -n .ci/run .ci/*.sh test/fresh/*.sh
for test in .ci/*_test.sh; do
  "$test"
done
