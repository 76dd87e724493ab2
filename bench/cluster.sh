# Sourced by the scripts beside it: a cluster in a network namespace, data folder and cgroup of its own, under $folder.
# Needs root and the packaged program (./quickstart or mvn package).

here=$(dirname "$(readlink -f "$0")")
dist=$here/../mizzen/target/dist
netns=${BENCH_NAME:-mz-bench}
server=
folder=/var/tmp/$netns
export KUBECONFIG=$folder/admin.yaml

[ "$(id -u)" = 0 ] || { echo "run as root" >&2; exit 1; }
[ -r "$dist/lib/mizzen.jar" ] || { echo "build first: mvn -DskipTests package" >&2; exit 1; }

now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.2f", b - a }'; }
inside() { nsenter --net=/run/netns/$netns "$@"; }
kubectl() { inside "$dist/bin/kubectl" "$@"; }
# curl with the administrator's certificate.
api() {
    [ -e "$folder/admin.key" ] || {
        part certificate-authority-data ca.crt
        part client-certificate-data admin.crt
        part client-key-data admin.key
    }
    inside curl -sN --cacert "$folder/ca.crt" --cert "$folder/admin.crt" --key "$folder/admin.key" "$@"
}
part() { grep "$1:" "$KUBECONFIG" | head -1 | sed 's/.*: //' | base64 -d >"$folder/$2"; }
ctr_() { ctr --address "$folder/data/containerd/containerd.sock" --namespace k8s.io "$@"; }

make_network() {
    ip netns add $netns
    inside sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'
    ip -n $netns link add uplink type veth peer name nobody
    for link in lo uplink nobody; do ip -n $netns link set $link up; done
    ip -n $netns address add 192.0.2.2/24 dev uplink
    ip -n $netns route add default via 192.0.2.1 dev uplink
}

start_server() {
    mkdir -p "$folder"
    # Not by way of the function: a subshell's pid would be kept instead of the server's.
    nsenter --net=/run/netns/$netns "$dist/bin/mizzen" server --data-dir "$folder/data" --write-kubeconfig "$KUBECONFIG" \
        --node-name bench --node-ip 192.0.2.2 --cgroup-root /$netns --pod-log-dir "$folder/pods" \
        --container-log-dir "$folder/containers" --log-file "$folder/server.log" >"$folder/console.log" 2>&1 &
    server=$!
}

# Seconds until /readyz says ok; asked by curl, which takes no time itself.
await_ready() {
    until inside curl -sk --max-time 1 https://127.0.0.1:6443/readyz 2>/dev/null | grep -q ok; do
        kill -0 "$server" 2>/dev/null || { cat "$folder/console.log" "$folder/server.log" >&2; exit 1; }
        sleep 0.05
    done
}

# The server logs when it has seen its node ready.
await_node() {
    until grep -q 'is ready [0-9]* ms after' "$folder/server.log"; do
        kill -0 "$server" 2>/dev/null || { cat "$folder/console.log" >&2; exit 1; }
        sleep 0.05
    done
}

stop_server() {
    [ -n "$server" ] || return 0
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
}

remove_cluster() {
    stop_server
    for process in /proc/[0-9]*; do
        if cat "$process/cmdline" 2>/dev/null | tr '\0' ' ' | grep -q "$folder/data/containerd"; then
            pkill -9 -P "${process#/proc/}" || true
            kill -9 "${process#/proc/}" 2>/dev/null || true
        fi
    done
    sleep 1
    cat "$folder"/data/containerd/state/io.containerd.runtime.v2.task/k8s.io/*/config.json 2>/dev/null \
        | grep -o 'netns/cni-[0-9a-f-]*' | sort -u | while read -r name; do
        umount "/run/$name" 2>/dev/null || true
        rm -f "/run/$name"
    done
    awk -v folder="$folder/" 'index($2, folder) == 1 { print $2 }' /proc/self/mounts | sort -r \
        | while read -r mount; do umount -l "$mount" || true; done
    for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
        [ -d "$hierarchy/$netns" ] && find "$hierarchy/$netns" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
    ip netns delete $netns 2>/dev/null || true
    rm -rf --one-file-system "$folder"
}

new_cluster() {
    remove_cluster 2>/dev/null
    trap remove_cluster EXIT
    make_network
    start_server
    await_ready
    await_node
    "$dist/bin/mizzen" image --data-dir "$folder/data" >/dev/null
}

# A Deployment of pods that only sleep.
apply_deployment() {
    kubectl apply -f - >/dev/null <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: {name: $1}
spec:
  replicas: $2
  selector: {matchLabels: {app: $1}}
  template:
    metadata: {labels: {app: $1}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: main
        image: localhost/mizzen/busybox:1
        command: [sh, -c, "trap 'exit 0' TERM; sleep 86400 & wait"]
EOF
}

# Waits until as many pods of an app run as wanted, none left over.
await_running() {
    until [ "$(ready_replicas "$1")" = "$2" ] && [ "$(kubectl get pods -l app="$1" -o name | wc -l)" = "$2" ]; do
        sleep 0.2
    done
}

ready_replicas() {
    replicas=$(kubectl get deployment "$1" -o 'jsonpath={.status.readyReplicas}')
    echo "${replicas:-0}"
}
