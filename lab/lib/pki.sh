# shellcheck shell=bash
# The cluster's certificates and kubeconfigs. EC keys take milliseconds to make, RSA keys seconds.

PKI=$RUN/pki
NEW_KEY=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)

make_pki() {
  [[ -d $PKI ]] && return 0
  # Built in another folder and moved, so that there is never half a set.
  local aside=$RUN/pki.making
  rm -rf "$aside"
  mkdir -p "$aside"
  openssl req -x509 "${NEW_KEY[@]}" -keyout "$aside/ca.key" -out "$aside/ca.crt" -days 3650 -subj /CN=lab-ca 2>/dev/null
  openssl ecparam -name prime256v1 -genkey -noout -out "$aside/sa.key"
  certificate "$aside" apiserver /CN=kube-apiserver \
    "DNS:kubernetes,DNS:kubernetes.default.svc,DNS:localhost,IP:127.0.0.1,IP:$API_ADDRESS,IP:$API_ADDRESS6,IP:$API_SERVICE_ADDRESS,IP:$API_SERVICE_ADDRESS6"
  certificate "$aside" admin "/O=system:masters/CN=admin" DNS:admin
  kubeconfig "$aside" admin >"$aside/admin.kubeconfig"
  mv "$aside" "$PKI"
}

# certificate DIR NAME SUBJECT ALTERNATIVE_NAMES
certificate() {
  openssl req "${NEW_KEY[@]}" -keyout "$1/$2.key" -out "$1/$2.csr" -subj "$3" 2>/dev/null
  openssl x509 -req -in "$1/$2.csr" -CA "$1/ca.crt" -CAkey "$1/ca.key" -CAcreateserial -days 3650 -out "$1/$2.crt" \
    -extfile <(echo "subjectAltName=$4") 2>/dev/null
}

# kubeconfig DIR USER
kubeconfig() {
  cat <<Y
apiVersion: v1
kind: Config
clusters: [{name: lab, cluster: {server: "$API_URL", certificate-authority-data: $(base64 -w0 "$1/ca.crt")}}]
users: [{name: $2, user: {client-certificate-data: $(base64 -w0 "$1/$2.crt"), client-key-data: $(base64 -w0 "$1/$2.key")}}]
contexts: [{name: lab, context: {cluster: lab, user: $2}}]
current-context: lab
Y
}

# Copies a node's credentials to the folder that it sees as /host: its kubeconfig, the CA
# certificate, and the kubelet's certificate and key.
node_credentials() {
  local node=$1 share=$2
  if [[ ! -f $PKI/$node.kubeconfig ]]; then
    certificate "$PKI" "$node" "/O=system:nodes/CN=system:node:$node" "DNS:$node,IP:$(node_address "${node#node}")"
    kubeconfig "$PKI" "$node" >"$PKI/$node.kubeconfig.new"
    mv "$PKI/$node.kubeconfig.new" "$PKI/$node.kubeconfig"
  fi
  cp "$PKI/ca.crt" "$PKI/$node.kubeconfig" "$share/"
  cp "$PKI/$node.crt" "$share/kubelet.crt"
  cp "$PKI/$node.key" "$share/kubelet.key"
}
