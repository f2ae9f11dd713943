# shellcheck shell=bash
# Builds the repository's Dockerfile with buildah, which needs no daemon and, with chroot isolation,
# nothing beyond root.

BUILDAH_DIR=$OPERATOR/buildah

prepare_buildah() {
  mkdir -p "$BUILDAH_DIR" "$CACHE/log"
  # A separate store keeps the machine's own images untouched. Overlay if the kernel and the cache's
  # file system support it; otherwise vfs, which copies all layers: slow, but it works anywhere.
  cat >"$BUILDAH_DIR/storage.conf" <<T
[storage]
driver = "$(storage_driver)"
graphroot = "$BUILDAH_DIR/$(storage_driver)"
runroot = "$BUILDAH_DIR/run"
T
  echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$BUILDAH_DIR/policy.json"
  export BUILDAH_ISOLATION=chroot CONTAINERS_STORAGE_CONF=$BUILDAH_DIR/storage.conf
}

storage_driver() {
  [[ -f $BUILDAH_DIR/driver ]] || {
    local try=$BUILDAH_DIR/try driver=vfs
    mkdir -p "$try"/{lower,upper,work,merged}
    if unshare --mount mount -t overlay overlay -o "lowerdir=$try/lower,upperdir=$try/upper,workdir=$try/work" "$try/merged" 2>/dev/null; then
      driver=overlay
    fi
    rm -rf "$try"
    echo "$driver" >"$BUILDAH_DIR/driver"
  }
  cat "$BUILDAH_DIR/driver"
}

# dockerfile_default DOCKERFILE ARG: prints the ARG's default value.
dockerfile_default() { sed -n "s/^ARG $2=//p" "$1" | head -n 1 | tr -d '"'; }

# build_operator_image DOCKERFILE CONTEXT pull|stand-ins
build_operator_image() {
  local dockerfile=$1 context=$2 bases=$3 pull=(--pull-never) id
  prepare_buildah
  if [[ $bases == pull ]]; then
    pull=(--pull)
  else
    make_base_stand_in "$(dockerfile_default "$dockerfile" BASE_IMAGE)"
    buildah tag "$(dockerfile_default "$dockerfile" BASE_IMAGE)" "$(dockerfile_default "$dockerfile" DEBIAN_IMAGE)"
    make_jdk_stand_in "$(dockerfile_default "$dockerfile" JDK_IMAGE)" "$(dockerfile_default "$dockerfile" BASE_IMAGE)"
  fi
  with_progress "buildah build" "$CACHE/log/operator-image.log" \
    buildah build --layers "${pull[@]}" --signature-policy "$BUILDAH_DIR/policy.json" \
    -t "$OPERATOR_IMAGE" -f "$dockerfile" "$context"
  id=$(buildah inspect --type image --format '{{.FromImageID}}' "$OPERATOR_IMAGE")
  [[ -f $OPERATOR/image.tar && $id == "$(cat "$OPERATOR/image.id" 2>/dev/null)" ]] && { note "the image is the same as before"; return 0; }
  rm -f "$OPERATOR/image.tar.making"
  timed "docker-archive" buildah push -q --signature-policy "$BUILDAH_DIR/policy.json" "$OPERATOR_IMAGE" \
    "docker-archive:$OPERATOR/image.tar.making:$OPERATOR_IMAGE"
  # In this order, a killed run at worst makes the next one write the archive again.
  rm -f "$OPERATOR/image.id"
  mv "$OPERATOR/image.tar.making" "$OPERATOR/image.tar"
  echo "$id" >"$OPERATOR/image.id"
  forget_old_layers
}

# Layers of earlier builds speed up the next one, so they are pruned only from 200 images on.
forget_old_layers() {
  (( $(buildah images -aq | wc -l) < 200 )) || buildah rmi --prune >/dev/null 2>&1 || true
}
