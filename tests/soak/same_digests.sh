#!/bin/sh
# Three runs in three orders give the same digests. Usage: same_digests.sh EPS-SOAK PREFIX
# PREFIX.forward.txt stays, for comparison with the one of another build.
set -eu
for order in forward backward shuffled; do
  "$1" digests "$order" > "$2.$order.txt"
done
cmp "$2.forward.txt" "$2.backward.txt"
cmp "$2.forward.txt" "$2.shuffled.txt"
echo "$(wc -l < "$2.forward.txt") translations, the same in three orders"
