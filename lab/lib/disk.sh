# shellcheck shell=bash
# Packs what a node finds on its disk into one ext4 image.

# Runs COMMAND... while a containerd serves the image store; ctr() talks to it.
with_image_store() {
  local socket=$IMAGE_STORE.run/containerd.sock pid tries
  mkdir -p "$IMAGE_STORE" "$IMAGE_STORE.run" "$CACHE/log"
  cat >"$IMAGE_STORE.toml" <<T
version = 2
root = "$IMAGE_STORE"
state = "$IMAGE_STORE.run"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$socket"
T
  rm -f "$socket"
  # Ends with this script, however that ends.
  setpriv --pdeathsig KILL containerd -c "$IMAGE_STORE.toml" >"$CACHE/log/image-store.log" 2>&1 </dev/null 9>&- &
  pid=$!
  for (( tries = 0; tries < 100; tries++ )); do
    [[ -S $socket ]] && break
    kill -0 $pid 2>/dev/null || fail "the containerd that unpacks images did not start." "Its log: $CACHE/log/image-store.log"
    sleep 0.1
  done
  ctr() { command ctr -a "$IMAGE_STORE.run/containerd.sock" -n k8s.io "$@"; }
  "$@"
  kill $pid
  wait $pid 2>/dev/null || true
}

# Into a store of the same base, only what is new; else into an empty one, for images of other versions would stay.
prepare_image_store() {
  [[ $(cat "$IMAGE_STORE/base" 2>/dev/null) == "$(archives_key)" ]] || rm -rf "$IMAGE_STORE"
  with_image_store import_archives
  archives_key >"$IMAGE_STORE/base"
}

import_archives() {
  local archive
  if [[ ! -e $IMAGE_STORE/base ]]; then
    for archive in "$(archives_dir)"/*.tar; do ctr images import "$archive" >/dev/null; done
  fi
  [[ ! -f $OPERATOR/image.tar ]] || import_over "$OPERATOR/image.tar" ctr
  # What the operator's last image had and this one has not.
  ctr content prune references >/dev/null
}

# import_over ARCHIVE CTR...: imports an image with CTR, for which the archive may be at IMPORT_AS. The one that had its
# name keeps another until that is done: else containerd collects layers that the two share while they are imported.
import_over() {
  local archive=$1 name old=()
  shift
  while read -r name; do
    "$@" images tag --force "$name" "$name-before" </dev/null >/dev/null 2>&1 && old+=("$name-before")
  done < <(tar -xOf "$archive" manifest.json | python3 -S -E -c 'import json, sys; [print(t) for m in json.load(sys.stdin) for t in m["RepoTags"]]')
  "$@" images import "${IMPORT_AS:-$archive}" </dev/null >/dev/null || return 1
  (( ${#old[@]} == 0 )) || "$@" images rm "${old[@]}" </dev/null >/dev/null
}

make_disk() {
  local disk=$1 tree=$IMAGES/disk.tree
  prepare_image_store
  rm -rf "$tree" "$disk.making"
  mkdir -p "$tree"
  node_disk_folders "$tree"
  truncate -s "$DISK_SIZE" "$disk.making"
  # mkfs takes one folder: the store joins it by a bind mount that only this process sees. Checksums of metadata would
  # cost the nodes time and tell nobody anything.
  unshare --mount --propagation private bash -c '
    set -e
    mount --bind "$1" "$2/containerd"
    mkfs.ext4 -q -O ^metadata_csum -E lazy_itable_init=1,nodiscard,root_owner=0:0 -d "$2" "$3"' \
    bash "$IMAGE_STORE" "$tree" "$disk.making"
  rm -rf "$tree"
  mv "$disk.making" "$disk"
  forget_old_disks "$disk"
}

# The folders that a node mounts from its disk (see node/init.sh), and in root/ what differs from this machine's root.
node_disk_folders() {
  local tree=$1 name
  mkdir -p "$tree"/{containerd,kubelet,cni,etc-cni/net.d,opt-cni/bin,pod-logs,container-logs,work,root/usr/sbin}
  for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
    ln -s xtables-legacy-multi "$tree/root/usr/sbin/$name"
  done
  for name in bridge host-local loopback portmap bandwidth; do cp "$(tool_path $name)" "$tree/opt-cni/bin/"; done
}

# Keeps the newest and those that nodes run from.
forget_old_disks() {
  local disk
  for disk in "$IMAGES"/disk-*.ext4 "$IMAGES"/disk-*.ext4.making; do
    [[ -e $disk && $disk != "$1" ]] || continue
    grep -qsxF "$disk" "$RUN"/nodes/*/disk || rm -f "$disk"
  done
}
