#!/bin/sh
# cold_start.sh CONCORD FILE [RUNS]: wall time and peak memory of `concord validate FILE`, process start to end.
# Median and least of RUNS (31); run it on a quiet machine.
set -eu
concord=$1 file=$2 runs=${3:-31}
times=$(mktemp)
trap 'rm -f "$times"' EXIT
"$concord" validate "$file" > /dev/null 2>&1 || true
i=0
while [ "$i" -lt "$runs" ]; do
  start=$(date +%s%N)
  "$concord" validate "$file" > /dev/null 2>&1 || true
  end=$(date +%s%N)
  echo $(((end - start) / 10000)) >> "$times"
  i=$((i + 1))
done
sort -n "$times" | awk '{ t[NR] = $1 / 100 } END { printf "median %.2f ms, least %.2f ms of %d runs\n", t[int((NR + 1) / 2)], t[1], NR }'
