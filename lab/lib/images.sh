# shellcheck shell=bash
# The nodes' images, and the disk that every node boots from, copy-on-write.
#
# Importing an image takes half a minute inside a node, but a second or two on this machine. So a
# containerd on this machine unpacks all images, and its store becomes part of one ext4 image. Nodes
# have all images from the start.

IMAGE_STORE=$IMAGES/containerd
DISK_SIZE=6G

# Hash of all that the images are made from. It names their folder, so any change rebuilds them.
archives_key() {
  { cat "$LAB_LIB/mkimage.py" "$LAB_LIB/images.sh" "$LAB_DIR/versions.env"
    dpkg-query -W -f '${Package} ${Version}\n' busybox-static dash iproute2 iptables libc6 nftables; } | short_hash
}
archives_dir() { echo "$IMAGES/archives-$(archives_key)"; }

image_archive() { # OUT TAG ENTRYPOINT FILES...
  python3 "$LAB_LIB/mkimage.py" "$ARCHIVES_ASIDE/$1" "${@:2}"
}

make_archives() {
  local dir box=(/bin/busybox:/bin/busybox) flannel=() name x=xtables-legacy-multi
  dir=$(archives_dir)
  [[ -d $dir ]] && return 0
  ARCHIVES_ASIDE=$dir.making
  rm -rf "$ARCHIVES_ASIDE"
  mkdir -p "$ARCHIVES_ASIDE"
  for name in sh cp cat sleep ip ping ls nc httpd wget true; do box+=("@busybox:/bin/$name"); done
  image_archive pause.tar "registry.k8s.io/pause:$PAUSE_TAG" '["/bin/busybox","sleep","2147483647"]' "${box[@]}"
  image_archive busybox.tar docker.io/library/busybox:lab '["/bin/sh"]' "${box[@]}"
  image_archive flannel-cni-plugin.tar "ghcr.io/flannel-io/flannel-cni-plugin:$FLANNEL_CNI_PLUGIN_TAG" '[]' \
    "${box[@]}" "$(tool_path cni-flannel):/flannel"
  # As in upstream's image: iproute2's ip, and a shell that runs it. The shell of Debian's busybox
  # runs its own applet instead.
  flannel=(/bin/busybox:/bin/busybox /bin/dash:/bin/sh /bin/ip:/sbin/ip)
  for name in cat cp cut grep ls rm sed sleep tr true; do flannel+=("@busybox:/bin/$name"); done
  # iptables is the legacy one, as on the nodes.
  flannel+=("$(tool_path flanneld):/opt/bin/flanneld" "$(tool_path install-conf):/opt/bin/install-conf" "/usr/sbin/$x:/usr/sbin/$x"
    /usr/sbin/nft:/usr/sbin/nft
    /usr/lib/x86_64-linux-gnu/xtables:/usr/lib/x86_64-linux-gnu/xtables)
  for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
    flannel+=("@$x:/usr/sbin/$name")
  done
  image_archive flannel.tar "ghcr.io/flannel-io/flannel:$FLANNEL_VERSION" '["/opt/bin/flanneld"]' "${flannel[@]}"
  mv "$ARCHIVES_ASIDE" "$dir"
}

# All archives that belong on a node's disk: the lab's own, and the operator's if it was built.
disk_archives() {
  ls "$(archives_dir)"/*.tar
  [[ ! -f $OPERATOR/image.tar ]] || echo "$OPERATOR/image.tar"
}

# The disk's name contains a hash of its contents.
disk_path() {
  { archives_key; cat "$LAB_LIB/disk.sh" "$OPERATOR/image.id" 2>/dev/null || true; } | short_hash |
    sed "s|.*|$IMAGES/disk-&.ext4|"
}

make_images() {
  local disk began=${EPOCHREALTIME/[.,]/}
  make_archives
  disk=$(disk_path)
  [[ -f $disk ]] && return 0
  make_disk "$disk"
  note "node disk with $(disk_archives | wc -l) images: $(elapsed_since "$began")"
}
