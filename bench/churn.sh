#!/bin/sh
# What 200 rolling updates' worth of pods leave behind: threads, file descriptors, network namespaces, mounts, cgroups,
# live heap. Prints them before, half way, right after and when the watch history has aged: the first and the last column
# should be equal but for the heap, which keeps the events of the last hour.
#   bench/churn.sh [UPDATES [SECONDS-OF-REST]]     rest an hour and a bit to see the events gone as well
set -eu
. "$(dirname "$(readlink -f "$0")")/cluster.sh"

jdk=$("$here/../bin/find-jdk")

figures() {
    "$jdk/bin/jcmd" "$server" GC.run >/dev/null
    echo "threads $(ls "/proc/$server/task" | wc -l)"
    echo "descriptors $(ls "/proc/$server/fd" | wc -l)"
    echo "containerd-descriptors $(ls "/proc/$(cat "$folder/data/containerd/containerd.pid")/fd" | wc -l)"
    echo "netns $(ls /run/netns | grep -c '^cni-')"
    echo "mounts $(grep -c "$folder" /proc/self/mounts)"
    echo "cgroups $(find /sys/fs/cgroup/*/$netns /sys/fs/cgroup/$netns -type d 2>/dev/null | wc -l)"
    echo "log-folders $(ls "$folder/pods" | wc -l)"
    echo "heap-MiB $("$jdk/bin/jcmd" "$server" GC.heap_info | awk '
        match($0, /used [0-9]+K/) && !/etaspace|class space/ { sum += substr($0, RSTART + 5, RLENGTH - 6) }
        END { printf "%.0f", sum / 1024 }')"
    echo "rss-MiB $(awk '/^VmRSS/ { printf "%.0f", $2 / 1024 }' "/proc/$server/status")"
}

updates=${1:-200}
new_cluster
apply_deployment web 2
await_running web 2
# A few rounds first: pools and caches fill.
round=0
while [ "$round" -lt 5 ]; do
    kubectl set env deployment/web ROUND="warm-$round" >/dev/null
    kubectl rollout status deployment/web --timeout=60s >/dev/null
    round=$((round + 1))
done
await_running web 2
sleep 20
figures >"$folder/before"
begin=$(now)
round=0
while [ "$round" -lt "$updates" ]; do
    kubectl set env deployment/web ROUND="$round" >/dev/null
    kubectl rollout status deployment/web --timeout=120s >/dev/null
    round=$((round + 1))
    [ "$round" != "$((updates / 2))" ] || figures >"$folder/half"
done
await_running web 2
echo "$updates rolling updates of 2 pods in $(since "$begin") s"
figures >"$folder/all"
# A resource's watch history is kept for 75 s.
sleep "${2:-100}"
figures >"$folder/aged"
paste -d ' ' "$folder/before" "$folder/half" "$folder/all" "$folder/aged" | awk '
    BEGIN { printf "%-24s %8s %8s %8s %8s\n", "", "before", "half", "all", "aged" }
    { printf "%-24s %8s %8s %8s %8s\n", $1, $2, $4, $6, $8 }'
