#!/usr/bin/env bash
# Compares the benchmarks of two commits on this machine in one go, in turns, so
# that both meet the same load: bench-diff.sh OLD NEW PATTERN PACKAGES…
set -eu
cd "$(dirname "$0")/.."

old=$1 new=$2 pattern=$3
shift 3
out=$(mktemp -d)
trap 'git worktree remove --force "$out/old" 2>/dev/null; git worktree remove --force "$out/new" 2>/dev/null; rm -rf "$out"' EXIT
git worktree add --quiet --detach "$out/old" "$old"
git worktree add --quiet --detach "$out/new" "$new"
for _ in 1 2 3 4 5; do
  for side in old new; do
    (cd "$out/$side" && go test -run '^$' -bench "$pattern" -benchmem "$@") >>"$out/$side.txt"
  done
done
if command -v benchstat >/dev/null 2>&1; then
  benchstat "$out/old.txt" "$out/new.txt"
else
  mkdir -p .cache && cp "$out"/*.txt .cache/
  echo "benchstat is not installed; the results are .cache/old.txt and .cache/new.txt"
fi
