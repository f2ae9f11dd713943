# shellcheck shell=bash
# Builds the ext4 image that holds the initial contents of a node's disk.

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
  # Killed when this script ends, however it ends.
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

# Into a store made from the same archives, imports only the operator's image. Any other store is
# rebuilt from scratch, because images of other versions would stay in it.
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
  # Drop the layers of the operator's previous image that this one does not use.
  ctr content prune references >/dev/null
}

# import_over ARCHIVE CTR...: imports an image with CTR, which sees the archive at IMPORT_AS if that
# is set. The previous image of that name keeps a second tag until the import is done. Otherwise
# containerd would garbage-collect layers that both share during the import.
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
  # mkfs takes one folder, so the store is bind-mounted into it, visible to this process only.
  # Metadata checksums would cost the nodes time for no benefit.
  unshare --mount --propagation private bash -c '
    set -e
    mount --bind "$1" "$2/containerd"
    mkfs.ext4 -q -O ^metadata_csum -E lazy_itable_init=1,nodiscard,root_owner=0:0 -d "$2" "$3"' \
    bash "$IMAGE_STORE" "$tree" "$disk.making"
  rm -rf "$tree"
  mv "$disk.making" "$disk"
  forget_old_disks "$disk"
}

# Creates the folders that a node mounts from its disk (see node/init.sh). root/ holds what differs
# from this machine's root.
node_disk_folders() {
  local tree=$1 name
  mkdir -p "$tree"/{containerd,kubelet,cni,etc-cni/net.d,opt-cni/bin,pod-logs,container-logs,work,root/usr/sbin}
  for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
    ln -s xtables-legacy-multi "$tree/root/usr/sbin/$name"
  done
  for name in bridge host-local loopback portmap bandwidth; do cp "$(tool_path $name)" "$tree/opt-cni/bin/"; done
}

# forget_old_disks DISK: deletes all disk images but DISK and those that nodes run from.
forget_old_disks() {
  local disk
  for disk in "$IMAGES"/disk-*.ext4 "$IMAGES"/disk-*.ext4.making; do
    [[ -e $disk && $disk != "$1" ]] || continue
    grep -qsxF "$disk" "$RUN"/nodes/*/disk || rm -f "$disk"
  done
}
