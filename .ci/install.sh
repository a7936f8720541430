#!/usr/bin/env bash
# Installs the system packages that are missing: install.sh build|test|fresh.
# For Debian 12 and 13 and Ubuntu 24.04, as root or with sudo. Silent when
# nothing is missing.
set -eu

missing=()

# package NAME: a package is there or wanted.
package() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ] || missing+=("$1")
}

# command_of NAME PACKAGE: any program of that name will do.
command_of() {
  command -v "$1" >/dev/null 2>&1 || missing+=("$2")
}

for_build() {
  command_of gcc gcc
  command_of pkg-config pkg-config
  command_of node nodejs
  command_of npm npm
  local name
  for name in libc6-dev libvpx-dev libopus-dev libyuv-dev fonts-noto-core fonts-noto-color-emoji ffmpeg ca-certificates; do
    package "$name"
  done
}

# for_test adds the browsers. Ubuntu has them as snaps only.
for_test() {
  for_build
  [ -n "${CHROMIUM:-}" ] || command_of chromium chromium
  [ -n "${FIREFOX:-}" ] || command -v firefox >/dev/null 2>&1 || command_of firefox-esr firefox-esr
}

for_fresh() {
  command_of debootstrap debootstrap
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

fail() {
  echo "install: $*" >&2
  exit 2
}

# snaps takes browsers out of the list on Ubuntu and installs them as snaps.
snaps() {
  [ "$system" = ubuntu ] || return 0
  local rest=() name snap
  for name in "${missing[@]}"; do
    case $name in
      chromium) snap=chromium ;;
      firefox-esr) snap=firefox ;;
      *)
        rest+=("$name")
        continue
        ;;
    esac
    if ! command -v snap >/dev/null 2>&1 || ! as_root snap install "$snap" >&2; then
      fail "Ubuntu has $snap as a snap only, and snaps do not work here; install a browser and name it with CHROMIUM=/path and FIREFOX=/path"
    fi
  done
  missing=("${rest[@]}")
}

case ${1:-} in
  build) for_build ;;
  test) for_test ;;
  fresh) for_fresh ;;
  *) fail "say build, test or fresh" ;;
esac
[ ${#missing[@]} -gt 0 ] || exit 0

system=$(. /etc/os-release 2>/dev/null && echo "${ID:-}")
command -v apt-get >/dev/null 2>&1 || fail "this is not Debian or Ubuntu; install what matches: ${missing[*]}"
[ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null 2>&1 || fail "run as root, or install sudo, to install: ${missing[*]}"
snaps
[ ${#missing[@]} -gt 0 ] || exit 0

echo "installing ${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! {
  as_root apt-get -qq update &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${missing[@]}"
} >"$log" 2>&1 </dev/null; then
  cat "$log" >&2
  fail "apt-get could not install: ${missing[*]}"
fi
