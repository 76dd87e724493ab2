#!/bin/sh
# Seconds from process start to /readyz and to a Ready node (first start and later ones), and idle resident memory.
#   bench/start.sh [ROUNDS]        bounds: 5 s, 400 MiB
set -eu
. "$(dirname "$(readlink -f "$0")")/cluster.sh"

rounds=${1:-5}
remove_cluster 2>/dev/null
trap remove_cluster EXIT
make_network
round=0
while [ "$round" -le "$rounds" ]; do
    rm -f "$folder/server.log"
    begin=$(now)
    start_server
    await_ready
    ready=$(since "$begin")
    await_node
    node=$(since "$begin")
    name="start $round"
    [ "$round" != 0 ] || name="first start"
    printf '%-12s readyz %s s, node Ready %s s\n' "$name" "$ready" "$node"
    if [ "$round" = "$rounds" ]; then
        sleep 30
        awk '/^VmRSS/ { printf "idle RSS     %.0f MiB (server, 30 s after its start)\n", $2 / 1024 }' "/proc/$server/status"
        awk '/^VmHWM/ { printf "peak RSS     %.0f MiB\n", $2 / 1024 }' "/proc/$server/status"
        echo "threads      $(ls "/proc/$server/task" | wc -l)"
    fi
    begin=$(now)
    stop_server
    [ "$round" != "$rounds" ] || echo "stop         $(since "$begin") s"
    round=$((round + 1))
done
