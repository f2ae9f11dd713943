# shellcheck shell=bash
# Stand-ins for the Dockerfile's base images, under the same names, for machines that can't pull those: a minimal Debian
# from the machine's Debian mirror, and on top of it the machine's own JDK 25.

STAND_IN_SUITE=bookworm

have_image() { buildah inspect --type image "$1" >/dev/null 2>&1; }

# labelled NAME KEY: whether that image is the stand-in made from KEY.
labelled() {
  have_image "$1" && [[ $(buildah inspect --type image --format '{{index .OCIv1.Config.Labels "lab.made-from"}}' "$1" 2>/dev/null) == "$2" ]]
}

# commit_stand_in CONTAINER NAME KEY
commit_stand_in() {
  buildah config --label "lab.made-from=$3" "$1"
  buildah commit -q --signature-policy "$BUILDAH_DIR/policy.json" "$1" "$2" >/dev/null
  buildah rm "$1" >/dev/null
}

base_key() { { echo "$STAND_IN_SUITE"; cat "$LAB_LIB/stand-ins.sh"; } | sha256sum | cut -c1-12; }

make_base_stand_in() {
  local name=$1 container tar=$OPERATOR/base.tar
  labelled "$name" "$(base_key)" && return 0
  # Without documentation and translations, as the slim image is.
  with_progress "stand-in for $name (mmdebstrap)" "$CACHE/log/base-image.log" \
    mmdebstrap --variant=minbase --mode=root --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    "$STAND_IN_SUITE" "$tar"
  container=$(buildah from --signature-policy "$BUILDAH_DIR/policy.json" scratch)
  buildah add -q "$container" "$tar" / >/dev/null
  buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --cmd bash "$container"
  commit_stand_in "$container" "$name" "$(base_key)"
  rm -f "$tar"
}

find_jdk25() {
  local home
  for home in "${JAVA_HOME:-}" /usr/lib/jvm/* /opt/*jdk* "${HOME:-/root}"/.sdkman/candidates/java/*; do
    [[ -x $home/bin/jlink ]] && grep -qs '^JAVA_VERSION="25' "$home/release" && { readlink -f "$home"; return; }
  done
  fail "no JDK 25 on this machine (its own makes the build stage's stand-in image)." \
    "Looked in JAVA_HOME, /usr/lib/jvm, /opt and SDKMAN's folder." "Install one (Temurin 25, say), or pull the base images: lab/lab image --pull"
}

# make_jdk_stand_in NAME BASE_NAME
make_jdk_stand_in() {
  local name=$1 base=$2 container jdk key copy=$OPERATOR/jdk
  jdk=$(find_jdk25)
  key=$({ base_key; cat "$jdk/release"; } | sha256sum | cut -c1-12)
  labelled "$name" "$key" && return 0
  rm -rf "$copy"
  # Links followed: Debian's cacerts is one into /etc.
  cp -rL "$jdk" "$copy"
  rm -f "$copy/lib/src.zip"
  container=$(buildah from --pull-never --signature-policy "$BUILDAH_DIR/policy.json" "$base")
  buildah add -q "$container" "$copy" /opt/java/openjdk >/dev/null
  buildah config --env JAVA_HOME=/opt/java/openjdk --env PATH=/opt/java/openjdk/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  timed "stand-in for $name (the JDK in $jdk)" commit_stand_in "$container" "$name" "$key"
  rm -rf "$copy"
}
