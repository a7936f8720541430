#!/usr/bin/env bash
# Tests go-version.sh with a fake go on PATH.
set -eu
cd "$(dirname "$0")"

fake=$(mktemp -d)
trap 'rm -rf "$fake"' EXIT

# expect VERSION EXIT WORDS: with that go, the script exits so and says so.
expect() {
  printf '#!/bin/sh\necho "go version %s linux/amd64"\n' "$1" >"$fake/go"
  chmod +x "$fake/go"
  local said code=0
  said=$(PATH="$fake:$PATH" ./go-version.sh 2>&1) || code=$?
  if [ "$code" -ne "$2" ] || { [ -n "$3" ] && ! grep -qF "$3" <<<"$said"; } || { [ -z "$3" ] && [ -n "$said" ]; }; then
    echo "go-version: with $1: exit $code, want $2 with \"$3\":" >&2
    echo "$said" >&2
    exit 1
  fi
}

wanted=$(sed -n 's/^go \([0-9.]*\)$/\1/p' ../go.mod)
expect go1.19.8 2 "Go 1.19.8 is too old"
expect go1.19.8 2 "go.dev/dl/go$wanted.linux-"
expect go1.20 2 "/usr/local -xzf"
expect go1.21.0 0 ""
expect "go1.26.8" 0 ""
expect "go1.27rc1" 0 ""
expect "go2.0" 0 ""
expect "devel" 2 "Go is not installed"
