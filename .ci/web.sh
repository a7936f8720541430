#!/usr/bin/env bash
# Builds the web client into web/dist/app, only when one of its files has changed.
set -eu
cd "$(dirname "$0")/.."

.ci/npm.sh web
mkdir -p .cache
sum=$(find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' -not -name '*.go' -print0 |
  sort -z | xargs -0 sha256sum | sha256sum)
if [ -e web/dist/app/index.html ] && [ "$(cat .cache/web.sum 2>/dev/null || true)" = "$sum" ]; then
  exit 0
fi
echo "building the web client" >&2
npm --prefix web run --silent build >&2
echo "$sum" >.cache/web.sum
