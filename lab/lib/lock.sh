# shellcheck shell=bash
# Serializes lab commands that would interfere. A lock ends with the process that took it.

# take_lock tools|images|cluster: file descriptor 9 holds it. Processes that outlive the command are
# started with 9>&-, so they don't keep the lock.
take_lock() {
  mkdir -p "$CACHE"
  exec 9>"$CACHE/$1.lock"
  flock -n 9 && return
  note "another lab command is at work on $CACHE ($1); waiting for it to end"
  flock -w 3600 9 || fail "another lab command held $CACHE/$1.lock for an hour." "See who: fuser -v $CACHE/$1.lock"
}
