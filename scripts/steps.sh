# shellcheck shell=bash
# Sourced by the scripts beside it: timed steps, and functions for the build and the cluster.

set -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

# step NAME COMMAND...: prints NAME, runs the command and prints how long it took. Adds a line to the
# file $step_times, if that is set: NAME, a tab, milliseconds.
step_number=0
step() {
  local name=$1 began=${EPOCHREALTIME/[.,]/} ms
  shift
  printf '\n== %d. %s\n' "$((++step_number))" "$name"
  "$@"
  ms=$(((${EPOCHREALTIME/[.,]/} - began) / 1000))
  [[ -z ${step_times:-} ]] || printf '%s\t%d\n' "$name" "$ms" >>"$step_times"
  printf '   done in %d.%d s\n' $((ms / 1000)) $((ms % 1000 / 100))
}

# maven ARGS...: runs Maven on JDK 25 or newer, with less output. Debian's Maven writes colour codes
# even into files, so they are removed.
maven() {
  command -v mvn >/dev/null || {
    echo "Maven (mvn) is not in PATH. What to do: install Maven 3.8.7 or newer, such as Debian's package maven." >&2
    return 1
  }
  # Maven's own Guava still uses sun.misc.Unsafe, which JDK 24 and newer warn about.
  JAVA_HOME=$(scripts/find-jdk) MAVEN_OPTS="--sun-misc-unsafe-memory-access=allow ${MAVEN_OPTS:-}" mvn -B -ntp -Dstyle.color=never "$@" \
    2> >(without_colour >&2) | without_colour
}
without_colour() { sed -u $'s/\e\\[[0-9;]*m//g'; }

# package: builds the operator to target/quarkus-app, unless that is newer than all of its sources.
package() {
  local stamp=target/packaged
  if [[ -f $stamp && -z $(find pom.xml src/main -newer "$stamp" -print -quit) ]]; then
    echo "   target/quarkus-app is up to date"
    return
  fi
  rm -f "$stamp"
  maven -q package -DskipTests
  touch "$stamp"
}

# fresh_cluster: starts a cluster of three empty nodes. Takes down any existing one first.
fresh_cluster() {
  lab/lab down
  lab/lab up --nodes 3
}

# no_cluster_left: takes an existing cluster down, and any other whenever the calling script ends.
no_cluster_left() {
  trap 'lab/lab down >/dev/null 2>&1 || true' EXIT
  lab/lab down
}

# cluster_of_this_run: a fresh cluster that is taken down whenever the calling script ends.
cluster_of_this_run() {
  no_cluster_left
  fresh_cluster
}
