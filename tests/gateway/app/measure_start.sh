#!/usr/bin/env bash
# Start of the program to its `ready` line, from outside: fork, load, compile, open the store, listen.
# Usage: measure_start.sh PROGRAM [RUNS]
set -euo pipefail
program=$1 runs=${2:-11}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
start() {  # STORE
  local began=$EPOCHREALTIME line
  coproc GATEWAY { CONCORD_HTTP_PORT=0 CONCORD_ADMIN_PORT=0 CONCORD_STORE_PATH="$1" exec "$program" serve 2>/dev/null; }
  local id=$GATEWAY_PID
  read -r line <&"${GATEWAY[0]}"
  local ended=$EPOCHREALTIME
  kill -TERM "$id"
  wait "$id" || true
  echo $(((${ended/./} - ${began/./}) / 1000))
}
median() { sort -n | sed -n "$(((runs + 1) / 2))p"; }
echo "new store:      $(for ((i = 0; i < runs; i++)); do start "$folder/$i.db"; done | median) ms (median of $runs)"
echo "existing store: $(for ((i = 0; i < runs; i++)); do start "$folder/0.db"; done | median) ms (median of $runs)"
