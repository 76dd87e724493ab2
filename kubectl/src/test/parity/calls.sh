# The calls, one a line; r runs one and V turns off validation that needs OpenAPI documents.
r get all
r get all,cm,secrets
r get deploy web
r get deploy/web svc/web
r get deploy web nope
r get nope
r get pods
r get pods -A
r get nodes -o wide
r get svc -o wide
r get svc -A
r get cm cfg -o yaml
r get cm -o yaml
r get cm cfg -o json
r get secret sec -o jsonpath='{.data.p}'
r get deploy web -o name
r get deploy,svc -o name
r get deploy web -o jsonpath='{.spec.template.spec.containers[*].name}{"\n"}{.status}'
r get deploy web -o jsonpath='{range .spec.template.spec.containers[*]}{.name}={.image}{"\n"}{end}'
r get deploy web -o jsonpath='{.metadata.nope}'
r get deploy web -o jsonpath='{.metadata.nope}' --allow-missing-template-keys=false
r get deploy -o jsonpath='{.items[?(@.metadata.name=="web")].spec.replicas}'
r get deploy web -o jsonpath='{..image}'
r get deploy web -o jsonpath='{.metadata.labels}'
r get deploy web -o jsonpath='{.spec.template.spec.volumes[0,1].name}'
r get deploy web -o jsonpath='{.spec.x'
r get deploy web -o jsonpath-as-json='{.metadata.labels}'
r get deploy web -o custom-columns=N:.metadata.name,R:.spec.replicas,X:.nope,C:.spec.template.spec.containers[*].name
r get deploy web -o custom-columns=N
r get deploy web -o go-template='{{.metadata.name}} {{range .spec.template.spec.containers}}{{.name}} {{.image}}{{"\n"}}{{end}}{{.nope}} {{len .metadata.labels}} {{if eq .spec.replicas 2}}two{{else}}not{{end}} {{.metadata.labels}}'
r get deploy web -o go-template='{{range $k,$v := .metadata.labels}}{{$k}}={{$v}};{{end}}{{with .spec.replicas}}{{printf "%d-%s" . "x"}}{{end}} {{index .metadata.labels "app"}} {{.spec.paused | not}}'
r get deploy web --show-labels
r get deploy web -L app,nope
r get deploy web --no-headers
r get deploy -l app=web
r get deploy -l app=nope
r get deploy --field-selector metadata.name=web
r get ns --sort-by=.metadata.name
r get ns --sort-by=.metadata.creationTimestamp -o name
r get ns --sort-by=.nope
r get cm nope --ignore-not-found
r get cm,svc --show-kind
r get deploy web --show-managed-fields -o jsonpath='{.metadata.managedFields[0].manager}'
r get deployments.apps
r get deployments.v1.apps web -o name
r get sts,ds,job,cj,pvc,pv,ing,sc,lease,sa
r get --raw /version
r get --raw /api/v1/nope
r get -f o.yaml -o name
r get deploy web svc/x
r get deploy/web svc
r get pods -n nope
r get pods -o foo
r get deploy web --server-print=false
r api-resources
r api-resources --namespaced=false -o name
r api-resources -o wide --api-group=apps
r api-resources --sort-by=kind --no-headers
r api-versions
r version
r cluster-info
r explain pods
r auth can-i get pods
r auth can-i get nope
r auth whoami
r describe deploy web
r describe svc web
r describe cm cfg
r describe secret sec
r describe job j
r describe cronjob cj
r describe sts ss
r describe ds ds
r describe pvc pvc
r describe pv pv
r describe ing ing
r describe node n1
r describe sc sc
r describe lease l1
r describe sa sa1
r describe ns default
r describe pod p1
r describe pod nope
r describe svc
r describe priorityclass system-node-critical
r describe clusterrole view
r describe flowschema catch-all
r create cm c1 --from-literal=a=b
r create cm c1 --from-literal=a=b
r create deploy d1 --image=nginx -o yaml --dry-run=server
r create role r1 --verb=get,list --resource=pods,deployments.apps,pods/log --dry-run=client -o yaml
r run pp --image=nginx --dry-run=client -o yaml
r run pp --image=nginx --port=80 --expose --dry-run=client -o yaml
r expose deploy web --name=w2 --port=80 --dry-run=client -o yaml
r expose deploy web --name=w3
r autoscale deploy web --min=1 --max=3 --cpu=50% --dry-run=client -o yaml
r label cm c1 a=b
r label cm c1 a=b
r label cm c1 a=c
r label cm c1 a=c --overwrite
r label cm c1 a-
r label cm c1 nope-
r label cm --all z=1
r label cm nope a=b
r annotate cm c1 a=b
r annotate cm c1 a-
r patch cm c1 -p '{"data":{"x":"y"}}'
r patch cm c1 -p '{"data":{"x":"y"}}'
r patch cm c1 --type=json -p '[{"op":"add","path":"/data/q","value":"z"}]' -o jsonpath='{.data}'
r patch cm c1 --type=merge -p '{"data":{"x":null}}' --dry-run=server
r patch cm c1 -p '{bad'
r patch deploy web -p '{"spec":{"replicas":"x"}}'
r scale deploy web --replicas=3
r scale deploy web --replicas=3 --current-replicas=7
r scale deploy nope --replicas=1
r set image deploy/web c=nginx:2
r set image deploy/web c=nginx:2
r set image deploy/web nope=nginx:2
r set env deploy/web Q=1
r set env deploy/web --list
r set resources deploy/web --limits=cpu=200m
r rollout status deploy/web --watch=false
r rollout history deploy/web
r rollout pause deploy/web
r rollout pause deploy/web
r rollout resume deploy/web
r rollout restart deploy/web
r rollout restart cm/c1
r rollout undo deploy/web
r rollout status ds/ds --watch=false
r rollout status sts/ss --watch=false
r taint node n1 k=v:NoSchedule
r taint node n1 k=v:NoSchedule
r taint node n1 k-
r taint node n1 k-
r cordon n1
r cordon n1
r uncordon n1
r drain n1
r wait --for=condition=Available deploy/web --timeout=0s
r wait --for=jsonpath='{.spec.replicas}'=3 deploy/web --timeout=1s
r wait --for=delete cm/nope --timeout=1s
r wait --for=create cm/c1 --timeout=1s
r wait --for=foo cm/c1
r diff -f c2.yaml
r apply -f c2.yaml $V
r apply -f c2.yaml $V
r diff -f c2.yaml
r apply -f c3.yaml $V -o yaml
r apply -f c3.yaml --server-side $V
r apply -f c3.yaml --server-side --force-conflicts $V
r apply -f bad.yaml $V
r apply -f unk.yaml $V
r replace -f c3.yaml $V
r create -f c3.yaml $V
r delete cm c1
r delete cm c1
r delete cm c1 --ignore-not-found
r delete svc w3 --dry-run=client
r delete svc w3 -o name
r delete -f c3.yaml
r delete cm
r delete pod nope --force
r events
r events --for deploy/web
r get events
r logs nope
r exec nope -- ls
r logs deploy/web
r top node
r top pod
r create token sa1 --duration=1h -o jsonpath='{.status.nope}'
r certificate approve nope
r get cm -w --request-timeout=1s
