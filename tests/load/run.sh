#!/usr/bin/env bash
# Every figure of gateway/README.md in one run: starts a gateway on a fresh store, fills it, asks.
#   tests/load/run.sh sqlite|postgresql [PATIENTS]      25 resources come with each patient
# CONCORD_LOAD_SECONDS: length of each measurement (default 10). CONCORD_LOAD_KEEP=1 leaves the store.
set -euo pipefail
cd "$(dirname "$0")/../.."

kind=${1:-sqlite} patients=${2:-40000} seconds=${CONCORD_LOAD_SECONDS:-10}
bin=$PWD/build/release/bin
[ -x "$bin/fhir-load" ] && [ -x "$bin/concord" ] || {
  cmake --preset release -DCONCORD_TESTS=ON > /dev/null
  ninja -C build/release concord fhir-load
}

state=$(mktemp -d "${TMPDIR:-/tmp}/concord-load.XXXXXX")
chmod 755 "$state"
gateway='' cluster=''
as_postgres() { if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
finish() {
  [ -z "$gateway" ] || { kill "$gateway" 2> /dev/null; wait "$gateway" 2> /dev/null; } || true
  [ -z "$cluster" ] || as_postgres "$postgres/pg_ctl" -D "$cluster" -m fast stop > /dev/null || true
  if [ -n "${CONCORD_LOAD_KEEP:-}" ]; then echo "left in $state"; else rm -rf "$state"; fi
}
trap finish EXIT

export CONCORD_HTTP_PORT=0 CONCORD_ADMIN_PORT=0 CONCORD_STORE_PATH=$state/concord.db CONCORD_LOG_LEVEL=warning
export CONCORD_LIMITS_MAX_BYTES=16777216
case $kind in
  sqlite) ;;
  postgresql)
    postgres=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    cluster=$state/cluster
    mkdir "$cluster" && if [ "$(id -u)" -eq 0 ]; then chown postgres "$cluster" "$state"; fi
    as_postgres "$postgres/initdb" -D "$cluster" -A trust -U concord -E UTF8 --locale=C > /dev/null
    as_postgres "$postgres/pg_ctl" -D "$cluster" -w -l "$state/postgres.log" -o \
      "-c listen_addresses= -c unix_socket_directories=$state -c shared_buffers=512MB -c max_wal_size=4GB" \
      start > /dev/null
    as_postgres "$postgres/createdb" -h "$state" -U concord concord
    export CONCORD_STORE_KIND=postgresql CONCORD_STORE_CONNECTION="host=$state user=concord dbname=concord"
    ;;
  *) echo "sqlite or postgresql, not $kind" >&2; exit 2 ;;
esac

"$bin/concord" serve > "$state/gateway.out" 2> "$state/gateway.log" &
gateway=$!
for ((tries = 0; tries < 600; tries++)); do
  line=$(grep -m 1 'ready http=' "$state/gateway.out" 2> /dev/null) && break
  kill -0 "$gateway" 2> /dev/null || { tail -n 5 "$state/gateway.log" >&2; exit 1; }
  sleep 0.05
done
port=${line#*http=}
port=${port%% *}
port=${port##*:}
memory() { awk '/VmRSS|VmHWM/ {printf "%s %d MB  ", $1, $2 / 1024} END {print ""}' "/proc/$gateway/status"; }
load() { "$bin/fhir-load" "$@" --port "$port" --patients "$patients" --seconds "$seconds"; }

echo "$kind, $(nproc) cores, $(awk -F: '/model name/ {print $2; exit}' /proc/cpuinfo | xargs), $(date -I)"
synced=$(LC_ALL=C dd if=/dev/zero of="$state/sync" bs=4096 count=2000 oflag=dsync 2>&1 | awk -F, 'END {print 2000 / ($3 + 0)}')
printf 'one synced write of 4 KB: %.0f/s\n' "$synced"
load ceiling --clients 64
load create --clients 64
load fill --clients 8
memory
load read --clients 64
load create --clients 64
load search --clients 8
load idle --clients 64
memory
du -sh "$state"/concord.db* "$cluster" 2> /dev/null || true
