#!/usr/bin/env bash
# Keeps a node's clock going: node-ticks.sh PID START. Ends with the node's process, which PID and START name (its start
# time in clock ticks since boot).
#
# User-mode Linux 6.1 has one timer of the host's, which it sets for the next tick alone. On a busy machine a tick can get
# lost, and nothing sets the timer again: the node answers to packets, but all that waits for a time waits for ever, such
# as containerd, and `uptime` stands still. A SIGALRM from outside is a tick like any other; so one comes each second.
set -euo pipefail
pid=$1
start=$2

# The 22nd field of stat, behind the program's name, which may hold blanks.
start_time() {
  local stat fields
  stat=$(<"/proc/$pid/stat") || return 1
  read -ra fields <<<"${stat##*) }"
  echo "${fields[19]}"
}

# Before it boots, SIGALRM would end it.
catches_alarms() {
  local caught
  caught=$(sed -n 's/^SigCgt:\t//p' "/proc/$pid/status") && (( 16#$caught & 1 << 13 ))
}

while [[ $(start_time 2>/dev/null) == "$start" ]]; do
  ! catches_alarms 2>/dev/null || kill -ALRM "$pid" 2>/dev/null || true
  sleep 1
done
