# shellcheck shell=bash
# Sourced by the scripts beside it: steps with their time, and what a build needs.

set -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

# step NAME COMMAND...: says what begins, runs it, and says how long it took.
step_number=0
step() {
  local name=$1 began=${EPOCHREALTIME/[.,]/} ms
  shift
  printf '\n== %d. %s\n' "$((++step_number))" "$name"
  "$@"
  ms=$(((${EPOCHREALTIME/[.,]/} - began) / 1000))
  printf '   done in %d.%d s\n' $((ms / 1000)) $((ms % 1000 / 100))
}

# maven ARGS...: Maven on a JDK 25, without the chatter that nobody needs. Debian's Maven prints colour codes even into
# files; they are taken out.
maven() {
  command -v mvn >/dev/null || {
    echo "Maven (mvn) is not in PATH. What to do: install Maven 3.8.7 or newer, such as Debian's package maven." >&2
    return 1
  }
  # Maven's own Guava still uses what JDK 24 and newer warn of.
  JAVA_HOME=$(scripts/find-jdk) MAVEN_OPTS="--sun-misc-unsafe-memory-access=allow ${MAVEN_OPTS:-}" mvn -B -ntp -Dstyle.color=never "$@" \
    2> >(without_colour >&2) | without_colour
}
without_colour() { sed -u $'s/\e\\[[0-9;]*m//g'; }

# package: the operator as target/quarkus-app, unless it is newer than all that it is made of.
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

# fresh_cluster: three nodes with nothing on them. Whatever was there goes first.
fresh_cluster() {
  lab/lab down
  lab/lab up --nodes 3
}

# cluster_of_this_run: the same, and it goes with the script that asked for it, whatever way that ends.
cluster_of_this_run() {
  trap 'lab/lab down >/dev/null 2>&1 || true' EXIT
  fresh_cluster
}
