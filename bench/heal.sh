#!/bin/bash
# Milliseconds from the DELETE of a Deployment's pod to the watch event of its replacement.
#   bench/heal.sh [ROUNDS]        bound: 100 ms at the 99th percentile on an idle machine
set -eu
. "$(dirname "$(readlink -f "$0")")/cluster.sh"

rounds=${1:-100}
new_cluster
apply_deployment web 3
await_running web 3
pods=https://127.0.0.1:6443/api/v1/namespaces/default/pods
# Only the type of each event: the shell reads slowly.
exec 3< <(api "$pods?watch=1&labelSelector=app%3Dweb" | sed -u -n 's/^{"type":"\([A-Z]*\)".*/\1/p')
until_added() {
    while read -r -t 30 -u 3 type; do
        [ "$type" != ADDED ] || return 0
    done
    echo "no new pod" >&2
    exit 1
}
for _ in 1 2 3; do until_added; done
round=0
while [ "$round" -lt "$rounds" ]; do
    victim=$(kubectl get pods -l app=web -o name | head -1)
    begin=${EPOCHREALTIME/./}
    api -o /dev/null -X DELETE "$pods/${victim#pod/}?gracePeriodSeconds=0"
    until_added
    end=${EPOCHREALTIME/./}
    echo $((end - begin))
    await_running web 3
    round=$((round + 1))
done >"$folder/heal.txt"
sort -n "$folder/heal.txt" | awk '{ all[NR] = $1 / 1000 } END {
    printf "deleted pod -> replacement: median %.0f ms, p99 %.0f ms, most %.0f ms (bound: p99 100 ms)\n",
        all[int((NR + 1) / 2)], all[int(NR * 0.99 + 0.5)], all[NR] }'
