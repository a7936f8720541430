#!/usr/bin/env bash
# Checks that Go can build this module; below 1.21, which cannot fetch a newer
# toolchain by itself, says how to get one and exits 2.
set -eu
cd "$(dirname "$0")/.."

wanted=$(sed -n 's/^go \([0-9.]*\)$/\1/p' go.mod)
found=
if command -v go >/dev/null 2>&1; then
  found=$(go version | sed -n 's/^go version go\([0-9][0-9.]*\).*/\1/p')
  major=${found%%.*}
  rest=${found#*.}
  minor=${rest%%.*}
  if [ "${major:-0}" -gt 1 ] || { [ "${major:-0}" -eq 1 ] && [ "${minor:-0}" -ge 21 ]; }; then
    exit 0
  fi
fi

case $(uname -m) in
  x86_64) arch=amd64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) arch=$(uname -m) ;;
esac
sudo=
[ "$(id -u)" -eq 0 ] || sudo='sudo '
archive=go$wanted.linux-$arch.tar.gz
{
  if [ -n "$found" ]; then
    echo "Go $found is too old: Omniverto needs Go $wanted (1.21 or later fetches it by itself)."
  else
    echo "Go is not installed: Omniverto needs Go $wanted."
  fi
  echo "These commands install it beside what is there:"
  echo
  echo "  ${sudo}apt-get update && ${sudo}apt-get install -y curl ca-certificates"
  echo "  curl -fsSLO https://go.dev/dl/$archive"
  echo "  ${sudo}rm -rf /usr/local/go && ${sudo}tar -C /usr/local -xzf $archive"
  echo "  export PATH=/usr/local/go/bin:\$PATH"
  echo
  echo "Then run make again."
} >&2
exit 2
