#!/usr/bin/env bash
# Installs the npm packages of a folder, only when its lock file has changed:
# npm.sh FOLDER.
set -eu
cd "$1"

stamp=node_modules/.lock.sum
sum=$(sha256sum package-lock.json)
[ "$(cat "$stamp" 2>/dev/null || true)" != "$sum" ] || exit 0

major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
if [ "$major" -lt 18 ]; then
  echo "Node.js $(node --version) is too old: 18 or later is needed" >&2
  exit 2
fi
echo "installing npm packages of $1" >&2
npm ci --no-audit --no-fund --loglevel=error >&2
echo "$sum" >"$stamp"
