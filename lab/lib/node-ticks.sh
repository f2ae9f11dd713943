#!/usr/bin/env bash
# Keeps a node's clock ticking: node-ticks.sh PID START. PID and START (its start time in clock
# ticks since boot) identify the node's process. This script ends with it.
#
# User-mode Linux up to 6.12 uses one timer of the host and arms it only for the next tick. On a busy
# machine a tick can get lost, and then nothing arms the timer again. The node still answers
# packets, but `uptime` stands still and whatever waits for a timeout, such as containerd, waits
# forever. A SIGALRM from outside counts as a tick, so this script sends one each second.
set -euo pipefail
pid=$1
start=$2

# Field 22 of stat, counted from behind the program's name, which may contain blanks.
start_time() {
  local stat fields
  stat=$(<"/proc/$pid/stat") || return 1
  read -ra fields <<<"${stat##*) }"
  echo "${fields[19]}"
}

# Until the node's kernel handles SIGALRM, the signal would kill it.
catches_alarms() {
  local caught
  caught=$(sed -n 's/^SigCgt:\t//p' "/proc/$pid/status") && (( 16#$caught & 1 << 13 ))
}

while [[ $(start_time 2>/dev/null) == "$start" ]]; do
  ! catches_alarms 2>/dev/null || kill -ALRM "$pid" 2>/dev/null || true
  sleep 1
done
