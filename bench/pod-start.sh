#!/bin/bash
# Seconds from the POST of a pod to its phase Running as a watcher sees it, against `ctr run` of the same image; medians.
#   bench/pod-start.sh [ROUNDS]        bound: 0.4 s over ctr
set -eu
. "$(dirname "$(readlink -f "$0")")/cluster.sh"

rounds=${1:-20}
new_cluster
pods=https://127.0.0.1:6443/api/v1/namespaces/default/pods
median() { sort -n | awk '{ all[NR] = $1 } END { printf "%.3f", all[int((NR + 1) / 2)] }'; }

round=0
while [ "$round" -lt "$rounds" ]; do
    name=bench-$round
    begin=$(now)
    api -o /dev/null -H 'Content-Type: application/json' "$pods" -d '{"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "'$name'"}, "spec": {"terminationGracePeriodSeconds": 0, "containers": [{"name": "main",
        "image": "localhost/mizzen/busybox:1", "command": ["sleep", "3600"]}]}}'
    grep -q -m1 '"phase":"Running"' < <(api --max-time 30 "$pods?watch=1&fieldSelector=metadata.name%3D$name")
    since "$begin"
    echo
    round=$((round + 1))
done >"$folder/pods.txt"
round=0
while [ "$round" -lt "$rounds" ]; do
    begin=$(now)
    ctr_ run --rm localhost/mizzen/busybox:1 "bench-ctr-$round" true
    since "$begin"
    echo
    round=$((round + 1))
done >"$folder/ctr.txt"
pod=$(median <"$folder/pods.txt")
ctr=$(median <"$folder/ctr.txt")
echo "pod, POST to Running  $pod s"
echo "ctr run               $ctr s"
awk -v pod="$pod" -v ctr="$ctr" 'BEGIN { printf "over ctr              %.3f s, ratio %.2f\n", pod - ctr, pod / ctr }'
