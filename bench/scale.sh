#!/bin/sh
# Seconds until a Deployment scaled from 1 to N is all Running, and back to 1.
#   bench/scale.sh [N]             bound: 30 s for 30
set -eu
. "$(dirname "$(readlink -f "$0")")/cluster.sh"

count=${1:-30}
new_cluster
apply_deployment web 1
await_running web 1
begin=$(now)
kubectl scale deployment/web --replicas="$count" >/dev/null
await_running web "$count"
echo "1 -> $count all Running: $(since "$begin") s"
begin=$(now)
kubectl scale deployment/web --replicas=1 >/dev/null
await_running web 1
echo "$count -> 1, others gone: $(since "$begin") s"
