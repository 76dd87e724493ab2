#!/bin/sh
# Makes lib/server.aot and lib/kubectl.aot: runs a server and a few kubectl commands once while the JVM takes notes.
#   train.sh DIST-FOLDER WORK-FOLDER
#
# The run has network, mount and process namespaces of its own, so that it meets nobody's ports, rules or pods and leaves
# nothing behind. Without root the API server alone is trained.
set -eu

dist=$(readlink -f "$1")
work=$2
rm -rf "$work"
mkdir -p "$work"
work=$(readlink -f "$work")

if [ "${MIZZEN_TRAIN_INSIDE:-}" != yes ]; then
    if [ "$(id -u)" = 0 ] && command -v unshare >/dev/null && unshare --net --mount true 2>/dev/null; then
        MIZZEN_TRAIN_INSIDE=yes exec timeout 120 unshare --net --mount --pid --fork --mount-proc "$0" "$dist" "$work"
    fi
fi

command=apiserver
if [ "${MIZZEN_TRAIN_INSIDE:-}" = yes ]; then
    ip link set lo up
    if command -v containerd >/dev/null && command -v runc >/dev/null && command -v nft >/dev/null; then
        command=server
    fi
fi

port=16443
export KUBECONFIG="$work/kubeconfig.yaml"
set -- --data-dir "$work/data" --write-kubeconfig "$KUBECONFIG" --bind-address 127.0.0.1 --https-listen-port "$port" \
    --node-name training --node-ip 127.0.0.1
if [ "$command" = server ]; then
    set -- "$@" --kubelet-port 11250 --bridge-name mz-training --cgroup-root /mizzen-training \
        --pod-log-dir "$work/pods" --container-log-dir "$work/containers"
fi
MIZZEN_AOT_OUTPUT="$dist/lib/server.aot" "$dist/bin/mizzen" "$command" "$@" >"$work/server.log" 2>&1 &
server=$!

tries=0
until "$dist/bin/kubectl" get --raw /readyz >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 60 ] || ! kill -0 "$server" 2>/dev/null; then
        kill "$server" 2>/dev/null || true
        echo "train: the server did not get ready" >&2
        exit 1
    fi
    sleep 0.5
done
if [ "$command" = server ]; then
    "$dist/bin/kubectl" wait --for=create node/training --timeout=30s >/dev/null || true
    "$dist/bin/kubectl" wait --for=condition=Ready node/training --timeout=30s >/dev/null || true
fi
for arguments in "get pods -A" "get nodes -o wide" "api-resources" "version"; do
    # shellcheck disable=SC2086
    "$dist/bin/kubectl" $arguments >"$work/kubectl.log" 2>&1 || true
done
MIZZEN_KUBECTL_TRAIN=1 "$dist/bin/kubectl" >"$work/kubectl.log" 2>&1 || true

kill "$server"
wait "$server" || true
for folder in /sys/fs/cgroup /sys/fs/cgroup/*; do
    [ -d "$folder/mizzen-training" ] && find "$folder/mizzen-training" -depth -type d -exec rmdir {} + 2>/dev/null || true
done
[ -s "$dist/lib/server.aot" ]
