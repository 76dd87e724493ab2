#!/bin/sh
# What a server costs that has nothing to do: its share of a core and its memory, with pods that only sleep.
#   bench/idle.sh [PODS] [SECONDS]        bound: 5 % of a core with 50 pods
set -eu
. "$(dirname "$(readlink -f "$0")")/cluster.sh"

pods=${1:-50}
seconds=${2:-60}
ticks=$(getconf CLK_TCK)
# User and system time of a process so far, in ticks; the program's name may hold spaces.
used() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }

new_cluster
apply_deployment web "$pods"
await_running web "$pods"
sleep 30
containerd=$(cat "$folder/data/containerd/containerd.pid")
server_before=$(used "$server")
containerd_before=$(used "$containerd")
sleep "$seconds"
share() { awk -v a="$1" -v b="$2" -v hz="$ticks" -v s="$seconds" 'BEGIN { printf "%.1f", (b - a) / hz / s * 100 }'; }
echo "server      $(share "$server_before" "$(used "$server")") % of a core with $pods pods"
echo "containerd  $(share "$containerd_before" "$(used "$containerd")") % of a core"
awk '/^VmRSS/ { printf "server RSS  %.0f MiB\n", $2 / 1024 }' "/proc/$server/status"
