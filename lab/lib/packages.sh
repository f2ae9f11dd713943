# shellcheck shell=bash
# Debian packages that the lab and the tests need from the machine.

# Per line: package, a file that it installs, purpose.
LAB_PACKAGES="
make /usr/bin/make building the nodes' kernel
flex /usr/bin/flex building the nodes' kernel
bison /usr/bin/bison building the nodes' kernel
bc /usr/bin/bc building the nodes' kernel
xz-utils /usr/bin/xz building the nodes' kernel
binutils /usr/bin/strip building the nodes' kernel
iproute2 /usr/sbin/bridge network namespace, bridge, taps
iputils-ping /usr/bin/ping pings between nodes
tcpdump /usr/bin/tcpdump captures on the nodes
iptables /usr/sbin/xtables-legacy-multi the nodes' packet filter, and flannel's
nftables /usr/sbin/nft the same, of the other kind
ethtool /usr/sbin/ethtool offload settings
containerd /usr/bin/containerd the nodes' container runtime
runc /usr/sbin/runc the nodes' container runtime
busybox-static /bin/busybox test pods
e2fsprogs /usr/sbin/mkfs.ext4 the nodes' disks
openssl /usr/bin/openssl the cluster's certificates
procps /usr/bin/pgrep finding the lab's own processes
util-linux /usr/bin/nsenter namespaces
python3 /usr/bin/python3 small tools of the lab
curl /usr/bin/curl asking the API server whether it is ready
git /usr/bin/git fetching Go modules that have no archive
gcc /usr/bin/gcc the nodes' kernel; flanneld's udp backend is C
libc6-dev /usr/include/stdlib.h flanneld's udp backend is C
buildah /usr/bin/buildah building the Dockerfile
mmdebstrap /usr/bin/mmdebstrap the Dockerfile's base image, where it can't be pulled
"
TEST_PACKAGES="
shellcheck /usr/bin/shellcheck checking the kubectl plugin
chromium /usr/bin/chromium tests of the page
fonts-inter /usr/share/fonts/opentype/inter/Inter-Regular.otf the page's pictures in the docs
"

need_root() {
  (( EUID == 0 )) || fail "this must run as root (it runs as $(id -un))." \
    "The lab makes a network namespace, mounts and taps of its own. Run it with sudo, or as root."
}

# install_packages cluster|tests
install_packages() {
  local package file purpose wanted=$LAB_PACKAGES missing=()
  [[ $1 != tests ]] || wanted+=$TEST_PACKAGES
  while read -r package file purpose; do
    [[ -n $package && ! -e $file ]] && { missing+=("$package"); note "missing: $package ($purpose)"; }
  done <<<"$wanted"
  (( ${#missing[@]} == 0 )) && return 0
  command -v apt-get >/dev/null || fail "these Debian packages are missing: ${missing[*]}" \
    "apt-get was looked for in PATH and is not there: the lab runs on Debian 12 and 13." \
    "On another system, run it in a Debian virtual machine or a privileged Debian container."
  need_root
  mkdir -p "$CACHE/log"
  export DEBIAN_FRONTEND=noninteractive
  # The existing package lists may do. Fetch new ones only if the installation fails.
  if ! apt-get install -y --no-install-recommends "${missing[@]}" >"$CACHE/log/apt.log" 2>&1; then
    with_progress "apt-get update" "$CACHE/log/apt-update.log" apt-get update
    with_progress "apt-get install ${missing[*]}" "$CACHE/log/apt.log" \
      apt-get install -y --no-install-recommends "${missing[@]}"
  fi
  note "installed: ${missing[*]}"
}
