#!/bin/sh
# Wall time of our own "kubectl get pods", and beside it upstream's where there is one on the PATH.
#   bench/kubectl.sh [ROUNDS]      bound: 0.5 s
set -eu
. "$(dirname "$(readlink -f "$0")")/cluster.sh"

measure() {
    name=$1
    shift
    round=0
    while [ "$round" -lt "$rounds" ]; do
        begin=$(now)
        inside "$@" get pods >/dev/null 2>&1
        since "$begin"
        echo
        round=$((round + 1))
    done | sort -n | awk -v name="$name" '{ all[NR] = $1 } END {
        printf "%-10s get pods: median %.2f s, least %.2f s, most %.2f s\n", name, all[int((NR + 1) / 2)], all[1], all[NR] }'
}

rounds=${1:-10}
new_cluster
apply_deployment web 3
await_running web 3
measure own "$dist/bin/kubectl"
if [ -x "$(which kubectl 2>/dev/null)" ]; then
    measure upstream "$(which kubectl)"
fi
