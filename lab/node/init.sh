#!/bin/busybox sh
# shellcheck shell=sh
# First process of a node. Run by busybox, whose mount, ip and so on load no libraries, which would
# be slow here.
#
# The root is an overlay: below, the host's root, read-only (hostfs); above, the node's own disk.
# So, as on a real node, what it writes survives a reboot; /run, devices and routes don't.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
said() { read -r up _ </proc/uptime; echo "[$up s] $*"; }
die() { said "this node can't boot: $*"; exit 1; }

# keep_running NAME COMMAND...: runs a daemon and restarts it when it ends, as a service manager
# does. Its output goes to /run/NAME.log.
keep_running() {
  service=$1; shift
  while :; do
    "$@" >>"/run/$service.log" 2>&1
    said "$service ended with exit code $?; it is started again"
    sleep 1
  done &
}

# busybox runs its applets as /proc/self/exe. In the /proc that shines through from the host, that
# is the UML kernel's own program. So the first mount uses util-linux's mount, and the new root gets
# its /proc before it becomes the root.
/usr/bin/mount -t proc proc /proc || die "no /proc"
# Settings from the kernel's command line (see power_on in lib/nodes.sh).
# shellcheck disable=SC2013
for word in $(cat /proc/cmdline); do
  case $word in NODE=*|NUMBER=*|ADDRESS=*|ADDRESS6=*|GATEWAY=*|GATEWAY6=*|API_*=*|COMMAND_*=*|NODE_IPS=*|SHARE=*|KUBELET=*) export "${word?}" ;; esac
done
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /mnt
mkdir -p /mnt/disk /mnt/root
# Written data reaches the disk within a second, so a power cut loses that much, not half a minute.
mount -t ext4 -o nodelalloc,commit=1 /dev/ubda /mnt/disk || die "its disk can't be mounted"
mount -t overlay -o lowerdir=/,upperdir=/mnt/disk/root,workdir=/mnt/disk/work overlay /mnt/root || die "no overlay root"
mount -t proc proc /mnt/root/proc

cd /mnt/root || die "no overlay root"
mkdir -p host oldroot
mount -o move /mnt/disk mnt
pivot_root . oldroot
mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts devpts /dev/pts; mount -t tmpfs shm /dev/shm; mount -t mqueue mqueue /dev/mqueue
mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /tmp; mount -t tmpfs tmpfs /var/lib; mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t hostfs none /host -o "$SHARE"
mkdir -p /run/flannel /etc/cni /opt/cni /var/log/pods /var/log/containers /var/lib/containerd /var/lib/kubelet /var/lib/cni
mount --bind /mnt/containerd /var/lib/containerd; mount --bind /mnt/kubelet /var/lib/kubelet; mount --bind /mnt/cni /var/lib/cni
mount --bind /mnt/etc-cni /etc/cni; mount --bind /mnt/opt-cni /opt/cni
mount --bind /mnt/pod-logs /var/log/pods; mount --bind /mnt/container-logs /var/log/containers
cat /proc/sys/kernel/random/boot_id >/host/boot-id.new
mv /host/boot-id.new /host/boot-id
said "root and disk mounted"

hostname "$NODE"
ip link set lo up
ip link set vec0 name eth0
ip addr add "$ADDRESS/24" dev eth0
ip link set eth0 up
ip route add default via "$GATEWAY"
said "network up"

ip addr add "$ADDRESS6/64" dev eth0
ip -6 route add default via "$GATEWAY6"
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
# Makes the API server's Service address work without a kube-proxy.
for chain in OUTPUT PREROUTING; do
  iptables -t nat -A $chain -d "$API_SERVICE_ADDRESS" -p tcp --dport 443 -j DNAT --to "$API_ADDRESS:6443"
  ip6tables -t nat -A $chain -d "$API_SERVICE_ADDRESS6" -p tcp --dport 443 -j DNAT --to "[$API_ADDRESS6]:6443"
done
# The kubelet reads the CPU's clock speed, which this kernel does not report.
{ grep -v bogomips /proc/cpuinfo; echo "cpu MHz : 2000.000"; } >/run/cpuinfo
mount --bind /run/cpuinfo /proc/cpuinfo
said "forwarding on"
keep_running commands python3 -S -E /host/boot/commands.py "$COMMAND_ADDRESS"

# shellcheck disable=SC3045  # dash has it
ulimit -n 65536
# Halves Go's garbage collections: memory is cheaper here than time on the single CPU.
export GOGC=200
keep_running containerd containerd -c /host/boot/containerd.toml
while [ ! -S /run/containerd/containerd.sock ]; do sleep 0.1; done
said "containerd up"
keep_running kubelet "$KUBELET" --config=/host/boot/kubelet.yaml --kubeconfig="/host/$NODE.kubeconfig" \
  --hostname-override="$NODE" --node-ip="$NODE_IPS" --v=0
said "kubelet started"
# Reaps orphans and never exits: a node ends by a power cut.
while :; do wait; sleep 5; done
