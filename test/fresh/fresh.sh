#!/usr/bin/env bash
# Runs `make run` and `make test` in a clean Debian 12 root. See README.md.
set -eu
cd "$(dirname "$0")/../.."

suite=${FRESH_SUITE:-bookworm}
root=${FRESH_ROOT:-$(mktemp -d /var/tmp/omniverto-fresh.XXXXXX)}
goroot=${FRESH_GOROOT:-$(go env GOROOT)}
steps=${FRESH_STEPS:-old run test}
mirror=${FRESH_MIRROR:-}

fail() {
  echo "fresh: $*" >&2
  exit 1
}

say() {
  echo "fresh: $(date -u +%H:%M:%S) $*"
}

[ "$(id -u)" -eq 0 ] || fail "must run as root: it makes a root of its own"
.ci/install.sh fresh

mounted=()
cleanup() {
  local dir
  for dir in "${mounted[@]}"; do
    umount -R "$dir" 2>/dev/null || umount -l "$dir" 2>/dev/null || true
  done
  if [ -n "${FRESH_KEEP:-}" ]; then
    say "kept $root"
  elif ! findmnt -rno TARGET | grep -q "^$root/"; then
    rm -rf --one-file-system "$root"
  fi
}
trap cleanup EXIT

# inside runs a command in the root with a clean environment, plus what reaches
# this machine's package mirrors.
inside() {
  local passed=(PATH="$inner_path" HOME=/root LANG=C.UTF-8 TERM=dumb) name
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY \
    GOPROXY GOSUMDB GONOSUMDB GOFLAGS SSL_CERT_FILE NODE_EXTRA_CA_CERTS npm_config_registry; do
    [ -z "${!name:-}" ] || passed+=("$name=${!name}")
  done
  env -i "${passed[@]}" chroot "$root" "$@"
}
inner_path=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

make_root() {
  say "debootstrap $suite"
  debootstrap --variant=minbase --include=git,make,ca-certificates "$suite" "$root" $mirror >"$root.log" 2>&1 ||
    { tail -20 "$root.log" >&2; fail "debootstrap"; }
  rm -f "$root.log"
  local dir
  for dir in proc sys dev; do
    mount --rbind "/$dir" "$root/$dir"
    mount --make-rslave "$root/$dir"
    mounted+=("$root/$dir")
  done
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm" # browsers want one of their own
}

# share_settings copies how this machine reaches its mirrors: apt's settings and
# sources of this suite, certificates, npm's and Go's settings, name resolution.
share_settings() {
  cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
  cp /etc/hosts "$root/etc/hosts"
  local found=
  for f in /etc/apt/sources.list /etc/apt/sources.list.d/debian*; do
    if [ -s "$f" ] && grep -qw "$suite" "$f"; then
      [ -n "$found" ] || rm -f "$root/etc/apt/sources.list"
      cp "$f" "$root/etc/apt/${f#/etc/apt/}"
      found=yes
    fi
  done
  cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
  mkdir -p "$root/usr/local/share/ca-certificates" "$root/usr/share/keyrings"
  cp -r /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
  inside update-ca-certificates >/dev/null 2>&1
  cp "$HOME/.npmrc" "$root/root/.npmrc" 2>/dev/null || true
  local config
  config=$(go env GOENV)
  if [ -f "$config" ]; then
    mkdir -p "$root/root/.config/go"
    cp "$config" "$root/root/.config/go/env"
  fi
}

copy_source() {
  say "copy the source as committed$([ -z "$(git status --porcelain)" ] || echo ', without what is not')"
  git clone --quiet --no-hardlinks . "$root/root/omniverto"
}

with_old_go() {
  say "Debian's own Go"
  inside apt-get -qq update >/dev/null
  inside env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install golang-go >/dev/null 2>&1
  local code=0
  inside make -C /root/omniverto run || code=$?
  say "make ended with $code"
  inside apt-get -qq -y purge 'golang*' >/dev/null 2>&1
  inside apt-get -qq -y autoremove >/dev/null 2>&1
}

add_go() {
  say "add Go from $goroot"
  mkdir -p "$root/usr/local/go"
  cp -a "$goroot/." "$root/usr/local/go/"
}

# free_port prints a TCP port that nobody listens on now.
free_port() {
  local port=20000
  while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
  echo "$port"
}

# run_server waits for the printed link, fetches it from inside, and stops the server.
run_server() {
  say "make run ($1)"
  local out="$root/root/run.log" url= begin=$SECONDS pid port
  port=$(free_port)
  : >"$out"
  inside make -C /root/omniverto run ARGS="--https :$port --ws 127.0.0.1:$((port + 1)) --admin 127.0.0.1:$((port + 2)) --media :$((port + 3))" >"$out" 2>&1 </dev/null &
  pid=$!
  while [ -z "$url" ]; do
    [ $((SECONDS - begin)) -lt "${FRESH_LIMIT:-1800}" ] || { tail -30 "$out"; fail "no link after ${FRESH_LIMIT:-1800} s"; }
    kill -0 "$pid" 2>/dev/null || { tail -30 "$out"; fail "make run ended"; }
    sleep 1
    url=$(sed -n 's/.*\(http:\/\/localhost:[0-9]*\).*/\1/p' "$out" | head -1)
  done
  say "printed $url after $((SECONDS - begin)) s"
  inside node -e "fetch('$url/').then(async (r) => {
    const page = await r.text();
    if (!r.ok || !page.includes('<script')) throw new Error('status ' + r.status + ': ' + page);
    console.log('fresh: fetched', page.length, 'bytes, status', r.status);
  }).catch((e) => { console.error(e); process.exit(1); })" || fail "the page"
  local server
  server=$(pgrep -f "^bin/omniverto serve --https :$port ")
  kill -TERM "$server"
  wait "$pid" || { tail -30 "$out"; fail "make run did not end well"; }
  tail -15 "$out"
}

run_tests() {
  say "make test"
  local begin=$SECONDS
  inside make -C /root/omniverto test || fail "make test"
  say "make test passed after $((SECONDS - begin)) s"
}

make_root
share_settings
copy_source
for step in $steps; do
  case $step in
    old) with_old_go ;;
    run)
      add_go
      run_server first
      run_server second
      ;;
    test)
      add_go
      run_tests
      ;;
    *) fail "FRESH_STEPS: $step is not old, run or test" ;;
  esac
done
say "done"
