# shellcheck shell=bash
# The nodes' kernel: Debian's source of Linux, built as User-mode Linux with kernel.config. Debian's
# own User-mode Linux lacks WireGuard and nftables for IP, and boots in twice the time.

# build_kernel FILE
build_kernel() {
  local file=$1 work=$CACHE/build/linux
  mkdir -p "${file%/*}" "$CACHE/log"
  rm -rf "$work"
  mkdir -p "$work"
  with_progress "fetching linux-source-$LINUX_VERSION" "$CACHE/log/fetch-linux.log" fetch_kernel_source "$work"
  with_progress "building ${file##*/}" "$CACHE/log/build-${file##*/}.log" make_kernel "$work"
  strip -o "$file.new" "$work/source/linux"
  mv "$file.new" "$file"
  rm -rf "$work"
}

# Unpacks it to FOLDER/source.
fetch_kernel_source() {
  local work=$1
  cd "$work" || return
  # The existing package lists may do. Fetch new ones only if the download fails.
  download_kernel_source || { apt-get update && download_kernel_source; } || return
  dpkg-deb --fsys-tarfile linux-source-*.deb | tar x --wildcards --strip-components=3 './usr/src/linux-source-*.tar.xz' || return
  rm linux-source-*.deb
  mkdir source
  tar xJf linux-source-*.tar.xz --strip-components=1 -C source || return
  rm linux-source-*.tar.xz
}
download_kernel_source() { apt-get download -o APT::Sandbox::User=root "linux-source-$LINUX_VERSION"; }

make_kernel() {
  local work=$1 option lost=()
  cd "$work/source" || return
  KCONFIG_ALLCONFIG=$KERNEL_CONFIG make ARCH=um allnoconfig || return
  while read -r option; do
    grep -qxF "$option" .config || lost+=("$option")
  done < <(grep '^CONFIG_' "$KERNEL_CONFIG")
  (( ${#lost[@]} == 0 )) || { echo "This kernel does not take from $KERNEL_CONFIG: ${lost[*]}"; return 1; }
  make ARCH=um -j"$(nproc)" linux
}
