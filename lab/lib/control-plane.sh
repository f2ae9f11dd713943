# shellcheck shell=bash
# etcd, kube-apiserver, kube-controller-manager and kube-scheduler, as processes in the lab's namespace.

# The families of addresses that Kubernetes knows: ipv4, dual-stack or ipv6, chosen at the first `up`
# of a cluster. The nodes' cards have both in any case.
families() { cat "$RUN/families" 2>/dev/null || echo ipv4; }
# by_family V4 V6: prints V4, V6 or V4,V6, as the cluster's families are.
by_family() {
  case $(families) in
    ipv4) echo "$1" ;;
    ipv6) echo "$2" ;;
    *) echo "$1,$2" ;;
  esac
}
primary() { local all; all=$(by_family "$@"); echo "${all%%,*}"; }

CONTROL_PLANE=(etcd kube-apiserver kube-controller-manager kube-scheduler)

start_etcd() {
  # No fsync: `down` discards the data, and a killed process loses none, unlike a crashed machine.
  launch etcd "$(tool_path etcd)" --data-dir "$RUN/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380
}

start_kube_apiserver() {
  cat >"$RUN/audit-policy.yaml" <<Y
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
Y
  launch kube-apiserver "$(tool_path kube-apiserver)" --etcd-servers=http://127.0.0.1:2379 \
    --secure-port=6443 --bind-address=:: --advertise-address="$(primary $API_ADDRESS $API_ADDRESS6)" \
    --tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" --client-ca-file="$PKI/ca.crt" \
    --service-account-key-file="$PKI/sa.key" --service-account-signing-key-file="$PKI/sa.key" \
    --service-account-issuer=https://kubernetes.default.svc \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
    --service-cluster-ip-range="$(by_family $SERVICE_CIDR $SERVICE_CIDR6)" \
    --kubelet-client-certificate="$PKI/admin.crt" --kubelet-client-key="$PKI/admin.key" \
    --kubelet-preferred-address-types=InternalIP \
    --audit-policy-file="$RUN/audit-policy.yaml" --audit-log-path="$RUN/log/audit.log" \
    --audit-log-maxsize=200 --audit-log-maxbackup=10
}

# Whether the controller manager allocates podCIDRs to nodes that have none, as in most clusters.
# `add --no-pod-cidr` turns that off for this cluster.
allocates_pod_cidrs() { [[ ! -e $RUN/no-pod-cidr-allocation ]]; }

stop_allocating_pod_cidrs() {
  allocates_pod_cidrs || return 0
  note "from now on this cluster gives no podCIDRs by itself: its controller manager is restarted without that"
  : >"$RUN/no-pod-cidr-allocation"
  end kube-controller-manager
  start_missing kube-controller-manager
}

start_kube_controller_manager() {
  local allocate=(--allocate-node-cidrs=true --cluster-cidr="$(by_family $POD_CIDR $POD_CIDR6)")
  allocates_pod_cidrs || allocate=(--allocate-node-cidrs=false)
  launch kube-controller-manager "$(tool_path kube-controller-manager)" --kubeconfig="$ADMIN_KUBECONFIG" \
    --service-account-private-key-file="$PKI/sa.key" --root-ca-file="$PKI/ca.crt" \
    --use-service-account-credentials=false --service-cluster-ip-range="$(by_family $SERVICE_CIDR $SERVICE_CIDR6)" --leader-elect=false "${allocate[@]}"
}

start_kube_scheduler() {
  launch kube-scheduler "$(tool_path kube-scheduler)" --kubeconfig="$ADMIN_KUBECONFIG" --leader-elect=false
}

# start_missing NAME...
start_missing() {
  local name
  for name in "$@"; do
    running "$name" >/dev/null && continue
    # Processes that outlived its dead session leader would still hold its port.
    end "$name"
    "start_${name//-/_}"
  done
}

# ask_api PATH: prints the API server's answer. Much cheaper than kubectl for polling.
ask_api() {
  in_lab curl -s --max-time 5 --cacert "$PKI/ca.crt" --cert "$PKI/admin.crt" --key "$PKI/admin.key" "$API_URL$1" || true
}

api_answers() { [[ $(ask_api /readyz) == ok ]]; }

wait_for_api() {
  local tries name
  for (( tries = 0; tries < 600; tries++ )); do
    api_answers && return 0
    for name in etcd kube-apiserver; do
      (( tries < 5 )) || running $name >/dev/null || {
        tail -n 15 "$RUN/log/$name.log" >&2
        fail "$name ended while it was starting." "Above: the end of $RUN/log/$name.log"
      }
    done
    sleep 0.1
  done
  fail "the API server at $API_URL is not ready after 60 s." "Its log: $RUN/log/kube-apiserver.log" \
    "What it says: lab/lab kubectl get --raw '/readyz?verbose'"
}

kubectl() { in_lab "$(tool_path kubectl)" --kubeconfig "$ADMIN_KUBECONFIG" "$@"; }
