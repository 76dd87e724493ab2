#!/bin/bash
# Runs the same calls with an upstream kubectl and with ours against one server and shows what differs.
# Usage: KUBECONFIG=... parity.sh UPSTREAM_KUBECTL OUR_KUBECTL
# The cluster should be a scratch one: objects named web, cfg, p1, … are made in the default namespace and removed.
set -u
upstream=$1
ours=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$(dirname "$0")/parity" || exit 1

reset() {
  "$upstream" delete deploy/web svc/w3 cm/c1 cm/par role/r1 sc/sc --ignore-not-found --wait=false >/dev/null 2>&1
  "$upstream" taint node n1 k- >/dev/null 2>&1
  "$upstream" uncordon n1 >/dev/null 2>&1
  "$upstream" label cm --all z- >/dev/null 2>&1
  "$upstream" apply -f o.yaml --validate=false >/dev/null 2>&1
}

run() {
  K=$1
  V=--validate=false
  r() {
    echo "### $*"
    "$K" "$@" 2>&1 </dev/null | grep -v memcache.go
    echo "=> ${PIPESTATUS[0]}"
  }
  . ./calls.sh
}

# Ages, times, uids and versions differ from call to call.
normal() {
  sed -E 's/[0-9]+m?[0-9]*s\b/AGE/g; s/  [0-9]+m( |$)/  AGE/; s/[0-9a-f]{8}-[0-9a-f-]{27}/UID/g
    s/resourceVersion"?: "[0-9]+"/VERSION/; s/20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z?/TIME/g
    s/(Mon|Tue|Wed|Thu|Fri|Sat|Sun), .*/DATE/;'" s/${upstream##*/}/kubectl/g" "$1"
}

reset
run "$upstream" >"$work/upstream" 2>&1
reset
run "$ours" >"$work/ours" 2>&1
diff <(normal "$work/upstream") <(normal "$work/ours")
