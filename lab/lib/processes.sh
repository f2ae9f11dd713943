# shellcheck shell=bash
# Long-running processes of the lab. Each runs in the lab's namespace and in its own session. They
# are found again after any crash, and ended without touching anybody else's processes.
#
# A process is ours if it is in the lab's network namespace, which only the lab enters. Its session
# identifies it: the session leader records its pid and start time before it execs the program.

in_lab() { nsenter --net=/run/netns/$NETNS -- "$@"; }

# Start time of a process in clock ticks since boot; nothing if it is gone or a zombie.
start_time() {
  local stat rest
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  rest=${stat##*) }
  [[ ${rest%% *} != Z ]] || return 1
  # shellcheck disable=SC2086  # fields
  set -- $rest
  echo "${20}"
}

# launch NAME COMMAND...: runs a process with output to log/NAME.log. Returns when it is recorded.
launch() {
  local name=$1 pid=
  shift
  mkdir -p "$RUN/proc" "$RUN/log"
  # shellcheck disable=SC2016  # expanded by the started shell, which writes the record before it becomes the program
  setsid nsenter --net=/run/netns/$NETNS -- bash -c '
    record=$1; shift
    read -r stat </proc/$$/stat
    fields=(${stat##*) })
    echo "$$ ${fields[19]}" >"$record.new"
    mv "$record.new" "$record"
    exec "$@"' "$name" "$RUN/proc/$name" "$@" >>"$RUN/log/$name.log" 2>&1 </dev/null 9>&- &
  while [[ $pid != "$!" ]]; do
    kill -0 $! 2>/dev/null || fail "$name did not start." "Its log: $RUN/log/$name.log"
    read -r pid _ 2>/dev/null <"$RUN/proc/$name" || sleep 0.02
  done
}

# The session of NAME, if its leader is alive.
running() {
  local pid start
  read -r pid start 2>/dev/null <"$RUN/proc/$1" || return 1
  [[ $(start_time "$pid") == "$start" ]] || return 1
  echo "$pid"
}

# All live processes of the lab, as "pid session" lines.
lab_processes() {
  [[ -e /run/netns/$NETNS ]] || return 0
  local pids
  pids=$(ip netns pids $NETNS | paste -sd,)
  [[ -z $pids ]] || ps -o pid=,sess=,stat= -p "$pids" | awk '$3 !~ /^Z/ {print $1, $2}'
}

# The live processes of NAME: those of its session in our namespace, even if the leader is dead.
processes_of() {
  local session start
  read -r session start 2>/dev/null <"$RUN/proc/$1" || return 0
  lab_processes | awk -v s="$session" '$2 == s {print $1}'
}

# signal SIGNAL: sends it to the pids on standard input.
signal() {
  local pids
  mapfile -t pids
  (( ${#pids[@]} == 0 )) || kill "-$1" "${pids[@]}" 2>/dev/null || true
}

# end NAME...: sends SIGTERM, and SIGKILL after 1.5 s. Returns when all are gone; fails after 10 s.
end() {
  local name tries
  for name in "$@"; do processes_of "$name" | signal TERM; done
  for (( tries = 0; tries < 100; tries++ )); do
    [[ -n $(for name in "$@"; do processes_of "$name"; done) ]] || break
    (( tries < 15 )) || for name in "$@"; do processes_of "$name" | signal KILL; done
    sleep 0.1
  done
  for name in "$@"; do
    [[ -z $(processes_of "$name") ]] || fail "$name does not end, not even by SIGKILL: $(processes_of "$name" | paste -sd' ')."
    rm -f "$RUN/proc/$name"
  done
}

# kill_now NAME: sends SIGKILL at once, as a power cut would.
kill_now() {
  local tries
  for (( tries = 0; tries < 100; tries++ )); do
    [[ -n $(processes_of "$1") ]] || break
    processes_of "$1" | signal KILL
    sleep 0.05
  done
  rm -f "$RUN/proc/$1"
}

# end_everything: ends all processes in the lab's namespace, recorded or not, such as a command run
# by `lab/lab exec`.
end_everything() {
  local tries
  lab_processes | cut -d' ' -f1 | signal TERM
  for (( tries = 0; tries < 100; tries++ )); do
    [[ -n $(lab_processes) ]] || return 0
    (( tries < 15 )) || lab_processes | cut -d' ' -f1 | signal KILL
    sleep 0.1
  done
  fail "these processes of the lab do not end, not even by SIGKILL: $(lab_processes | paste -sd' ')."
}
