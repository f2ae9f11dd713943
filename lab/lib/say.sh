# shellcheck shell=bash
# The lab's output: steps with their duration, and errors that say what, where, why and what to do.

# Time since the timestamp $1 (in microseconds), as "12.3 s" or "4 min 05 s".
elapsed_since() {
  local ms=$(( (${EPOCHREALTIME/[.,]/} - $1) / 1000 ))
  if (( ms < 60000 )); then printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
  else printf '%d min %02d s' $((ms / 60000)) $((ms / 1000 % 60)); fi
}

say() { printf '%s\n' "$*" >&2; }
note() { printf '  %s\n' "$*" >&2; }
warn() { printf 'warning: %s\n' "$*" >&2; }

# fail WHAT [MORE...]: prints each on a line of its own, then exits.
fail() {
  printf 'lab: %s\n' "$1" >&2
  shift
  local line
  for line in "$@"; do printf '     %s\n' "$line" >&2; done
  exit 1
}

# Prints a short hash of its input.
short_hash() { sha256sum | cut -c1-12; }

# timed NAME COMMAND...: runs it and prints its name with the time it took.
timed() {
  local name=$1 began=${EPOCHREALTIME/[.,]/}
  shift
  "$@"
  note "$name: $(elapsed_since "$began")"
}

# with_progress NAME LOG COMMAND...: runs a long command with its output in LOG. Prints its progress
# every 20 s.
with_progress() {
  local name=$1 log=$2 began=${EPOCHREALTIME/[.,]/} pid ticker status=0
  shift 2
  "$@" >"$log" 2>&1 &
  pid=$!
  (
    while sleep 20; do
      kill -0 "$pid" 2>/dev/null || exit 0
      note "$name: $(elapsed_since "$began"), at $(tail -n 1 "$log" | cut -c1-100)"
    done
  ) 9>&- &
  ticker=$!
  wait "$pid" || status=$?
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  if (( status != 0 )); then
    say "--- the end of $log"
    tail -n 25 "$log" >&2
    fail "$name failed after $(elapsed_since "$began") (exit code $status)." "Its whole log: $log"
  fi
  note "$name: $(elapsed_since "$began")"
}
