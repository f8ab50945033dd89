#!/usr/bin/env bash
# Prescriptions from the door to the other side: durable accepts, delivery behind them, a backlog, a restart.
#   tests/load/accepts.sh sqlite|postgresql [GATEWAYS]       more than one gateway: postgresql only
# CONCORD_LOAD_SECONDS   length of a measurement (default 10)
# CONCORD_LOAD_BACKLOG   so many orders are accepted while the other side is away, then a restart, then
#                        they are delivered (default 0: not measured)
# CONCORD_LOAD_SYNC_US   each fsync takes so many microseconds longer (default 0)
set -euo pipefail
cd "$(dirname "$0")/../.."

kind=${1:-sqlite} gateways=${2:-1} seconds=${CONCORD_LOAD_SECONDS:-10}
backlog=${CONCORD_LOAD_BACKLOG:-0} slow=${CONCORD_LOAD_SYNC_US:-0}
bin=$PWD/build/release/bin
if [ ! -x "$bin/fhir-load" ] || [ ! -x "$bin/concord" ]; then
  cmake --preset release -DCONCORD_TESTS=ON > /dev/null
fi
ninja -C build/release concord fhir-load concord-spine-simulator concord-disk-faults > /dev/null

state=$(mktemp -d "${TMPDIR:-/tmp}/concord-load.XXXXXX")
chmod 755 "$state"
mkdir "$state/data"
# The other side syncs each arrival before it answers; on a disk of ours it would measure that disk.
elsewhere=$state
[ ! -w /dev/shm ] || elsewhere=$(mktemp -d /dev/shm/concord-load.XXXXXX)
pids=() ports=() spine='' spine_port=0 cluster=''
as_postgres() { if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
finish() {
  local pid
  for pid in ${pids[@]+"${pids[@]}"} $spine; do kill "$pid" 2> /dev/null && wait "$pid" 2> /dev/null || true; done
  [ -z "$cluster" ] || as_postgres "$postgres/pg_ctl" -D "$cluster" -m fast stop > /dev/null || true
  rm -rf "$state" "$elsewhere"
}
trap finish EXIT

slowed=()  # what stands in front of a program whose syncs shall take longer
[ "$slow" -eq 0 ] || slowed=("$bin/concord-disk-faults" --root "$state/data" --rule "call=sync delay_us=$slow" --)
line_in() {  # FILE PATTERN PID: the first line with it
  local tries line
  for ((tries = 0; tries < 1200; tries++)); do
    if line=$(grep -m 1 "$2" "$1" 2> /dev/null); then echo "$line"; return 0; fi
    kill -0 "$3" 2> /dev/null || return 1
    sleep 0.05
  done
  return 1
}

export CONCORD_HTTP_PORT=0 CONCORD_ADMIN_PORT=0 CONCORD_STORE_PATH=$state/data/concord.db
export CONCORD_LOG_LEVEL=warning CONCORD_HTTP_DRAIN_SECONDS=0
# When the other side is back the queue shall move, not wait for the next look at it.
export CONCORD_OUTBOX_CIRCUIT_PROBE_MS=200 CONCORD_OUTBOX_RETRY_BASE_MS=200
export CONCORD_EPS_FROM_ASID=200000001285 CONCORD_EPS_TO_ASID=567456789789
export CONCORD_EPS_USER_ID=555254239107 CONCORD_EPS_ROLE_ID=555254240100
case $kind in
  sqlite) [ "$gateways" -eq 1 ] || { echo "several gateways need postgresql" >&2; exit 2; } ;;
  postgresql)
    postgres=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    cluster=$state/data/cluster
    mkdir "$cluster" && if [ "$(id -u)" -eq 0 ]; then chown postgres "$cluster" "$state" "$state/data"; fi
    as_postgres "$postgres/initdb" -D "$cluster" -A trust -U concord -E UTF8 --locale=C > /dev/null
    start=(${slowed[@]+"${slowed[@]}"} "$postgres/pg_ctl" -D "$cluster" -w -t 120 -l "$state/data/postgres.log" -o
      "-c listen_addresses= -c unix_socket_directories=$state -c shared_buffers=512MB -c max_wal_size=4GB" start)
    if [ "$(id -u)" -eq 0 ]; then start=(runuser -u postgres -- "${start[@]}"); fi
    "${start[@]}" > /dev/null
    as_postgres "$postgres/createdb" -h "$state" -U concord concord
    export CONCORD_STORE_KIND=postgresql CONCORD_STORE_CONNECTION="host=$state user=concord dbname=concord"
    ;;
  *) echo "sqlite or postgresql, not $kind" >&2; exit 2 ;;
esac

other_side() {  # starts it, on the port it had
  "$bin/concord-spine-simulator" --port "$spine_port" --record "$elsewhere/arrivals.tsv" > "$state/spine.out" 2> "$state/spine.log" &
  spine=$!
  local line
  line=$(line_in "$state/spine.out" 'listening on' $spine)
  spine_port=${line##*:}
  export CONCORD_DESTINATIONS_SPINE_URL=http://127.0.0.1:$spine_port/Prescription
}
start_gateways() {
  local i line
  pids=() ports=()
  for ((i = 0; i < gateways; i++)); do
    in_front=()
    [ "$kind" != sqlite ] || in_front=(${slowed[@]+"${slowed[@]}"})
    ${in_front[@]+"${in_front[@]}"} "$bin/concord" serve > "$state/gateway.$i.out" 2> "$state/gateway.$i.log" &
    pids+=($!)
  done
  for ((i = 0; i < gateways; i++)); do
    line=$(line_in "$state/gateway.$i.out" 'ready http=' "${pids[$i]}") || { tail -n 5 "$state/gateway.$i.log" >&2; exit 1; }
    line=${line#*http=}
    ports+=("$(sed 's/ .*//; s/.*://' <<< "$line")")
  done
}
memory() {
  local pid own
  for pid in "${pids[@]}"; do
    own=$(awk '/VmRSS|VmHWM/ {printf "%s %d MB  ", $1, $2 / 1024}' "/proc/$pid/status")
    echo "  gateway: $own"
  done
}
ticks() { cat $(printf '/proc/%s/stat ' "${pids[@]}") | sed 's/.*) //' | awk '{t += $12 + $13} END {print t}'; }
arrived() { curl -sS "http://127.0.0.1:$spine_port/_summary" | sed 's/.*"accepted":\([0-9]*\).*/\1/'; }
drained() {  # EXPECTED: waits until so many arrived, says how fast, and what each cost the gateways
  local from began=$EPOCHREALTIME now last=-1 still=0 spent
  from=$(arrived) spent=$(ticks)
  while :; do
    now=$(arrived)
    [ "$now" -lt "$1" ] || break
    if [ "$now" -eq "$last" ]; then still=$((still + 1)); else still=0; fi
    last=$now
    [ $still -lt 300 ] || { echo "nothing arrives any more: $now of $1" >&2; exit 1; }
    sleep 0.2
  done
  spent=$(($(ticks) - spent))
  awk -v n=$((now - from)) -v a="$began" -v b="$EPOCHREALTIME" -v t="$spent" -v hz="$(getconf CLK_TCK)" 'BEGIN {
    printf "  %d waiting orders delivered in %.1f s: %.0f/s", n, b - a, n / (b - a)
    if (n > 0) printf ", %.2f ms of the processor each", 1000 * t / hz / n
    print "" }'
}
load() { "$bin/fhir-load" "$@" --port "$(IFS=,; echo "${ports[*]}")" --seconds "$seconds" --clients 64; }
accept() {  # fhir-load options…: sets `accepted`
  load accept "$@" | tee "$state/accept.out" | grep -v '^accepted '
  accepted=$((accepted + $(sed -n 's/^accepted in all: //p' "$state/accept.out")))
}

echo "$kind, $gateways gateway(s), $(nproc) cores, $(awk -F: '/model name/ {print $2; exit}' /proc/cpuinfo | xargs), $(date -I)"
synced=$(LC_ALL=C ${slowed[@]+"${slowed[@]}"} dd if=/dev/zero of="$state/data/sync" bs=4096 count=500 oflag=dsync 2>&1 | awk -F, 'END {print 500 / ($3 + 0)}')
printf 'one synced write of 4 KB: %.0f/s, syncs slowed by %d µs\n' "$synced" "$slow"
accepted=0
other_side
start_gateways
load ceiling
accept
meanwhile=$(arrived)
echo "  $accepted accepted in all, $meanwhile of them delivered at the end of it"
drained "$accepted"
memory
[ "$backlog" -gt 0 ] || exit 0

kill "$spine" && wait "$spine" 2> /dev/null || true
echo "the other side is away"
accept --orders "$backlog" || true  # what is refused under pressure is told; the rest is the backlog
memory
for pid in "${pids[@]}"; do kill -9 "$pid"; wait "$pid" 2> /dev/null || true; done
start_gateways
echo "  started again after kill -9: $(grep -h -o 'in [0-9.]* *m\?s' "$state"/gateway.*.out | paste -sd' ')"
memory
other_side
drained "$accepted"
memory
du -sh "$state"/data/concord.db* "$cluster" 2> /dev/null || true
