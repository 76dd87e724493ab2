#!/bin/sh
# What a Service costs: requests a second through its cluster address against straight to the pod, and how long many Services
# take to be programmed into nftables, and one change among them. Needs ab (package apache2-utils).
#   bench/service.sh [SERVICES] [ENDPOINTS]             1000 and 5 unless said otherwise
set -eu
. "$(dirname "$(readlink -f "$0")")/cluster.sh"

services=${1:-1000}
endpoints=${2:-5}
requests=5000
command -v ab >/dev/null || { echo "ab is not installed: package apache2-utils" >&2; exit 1; }

web() {
    cat <<YAML
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: main
    image: localhost/mizzen/busybox:1
    command: [sh, -c, "echo hello > /www/name; exec httpd -f -p 8080 -h /www"]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
YAML
}

# The bulk: Services without selector, and slices as somebody else's controller would write them.
bulk() {
    awk -v services="$services" -v endpoints="$endpoints" 'BEGIN {
        for (i = 0; i < services; i++) {
            printf "---\napiVersion: v1\nkind: Service\nmetadata: {name: bulk-%d}\nspec: {ports: [{port: 80}]}\n", i
            printf "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
            printf "metadata: {name: bulk-%d, labels: {kubernetes.io/service-name: bulk-%d}}\n", i, i
            printf "addressType: IPv4\nports: [{name: \"\", port: 8080, protocol: TCP}]\nendpoints:\n"
            for (e = 1; e <= endpoints; e++) {
                printf "- {addresses: [10.42.%d.%d], conditions: {ready: true}}\n", i % 250, int(i / 250) * 50 + e
            }
        }
    }'
}

rate() { inside ab -q -n $requests -c 4 "$1" 2>/dev/null | awk '/^Requests per second/ { print $4 }'; }
better() { awk -v a="$1" -v b="$2" 'BEGIN { print (b > a ? b : a) }'; }
programmed() { inside nft list chains ip 2>/dev/null | grep -c 'chain service-default/bulk-' || true; }
# Count and seconds of the proxy's changes so far.
syncs() {
    inside curl -s http://127.0.0.1:10249/metrics | awk '
        /^kubeproxy_sync_proxy_rules_duration_seconds_count/ { count = $2 }
        /^kubeproxy_sync_proxy_rules_duration_seconds_sum/ { sum = $2 }
        END { printf "%d %.6f", count, sum }'
}

new_cluster
web | kubectl apply -f - >/dev/null
kubectl wait pod/web --for=condition=Ready --timeout=60s >/dev/null
pod=$(kubectl get pod web -o 'jsonpath={.status.podIP}')
cluster_ip=$(kubectl get service web -o 'jsonpath={.spec.clusterIP}')
until inside curl -sf --max-time 2 "http://$cluster_ip/name" >/dev/null; do sleep 0.2; done
# In turns, so that both meet the same machine; the best of each, which others disturb least.
rate "http://$pod:8080/name" >/dev/null
direct=0
through=0
for _ in 1 2 3 4; do
    direct=$(better "$direct" "$(rate "http://$pod:8080/name")")
    through=$(better "$through" "$(rate "http://$cluster_ip/name")")
done
echo "requests a second: straight $direct, through the Service $through, ratio $(awk -v a="$through" -v b="$direct" \
    'BEGIN { printf "%.2f", a / b }')"

bulk >"$folder/bulk.yaml"
begin=$(now)
kubectl create -f "$folder/bulk.yaml" >/dev/null
echo "$services Services x $endpoints endpoints written: $(since "$begin") s"
last=$(now)
until [ "$(programmed)" -ge "$services" ]; do sleep 0.05; done
echo "  programmed after the last write: $(since "$last") s"

before=$(syncs)
for number in 1 2 3 4 5; do
    kubectl patch endpointslice "bulk-$number" --type=json -p '[{"op":"remove","path":"/endpoints/0"}]' >/dev/null
    sleep 1
done
echo "$before $(syncs)" | awk '{ printf "one change among them: %.0f ms\n", 1000 * ($4 - $2) / ($3 - $1) }'
