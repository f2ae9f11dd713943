# shellcheck shell=bash
# Loads an image into running nodes. Unpacking is slow on a node, so each node is sent only the
# layers that it lacks: for a rebuilt image, those that changed.

load_image() {
  local archive=$1 n jobs=() failed=()
  shift
  for n in "$@"; do
    load_into "$n" "$archive" &
    jobs+=("$!:$n")
  done
  for n in "${jobs[@]}"; do wait "${n%:*}" || failed+=("node${n#*:}"); done
  (( ${#failed[@]} == 0 )) || fail "$archive did not get into ${failed[*]}: see above."
}

load_into() {
  local n=$1 archive=$2 thin
  thin=$(share_of "$n")/load.tar
  on_node "$n" ctr -n k8s.io content list -q </dev/null |
    python3 -S -E "$LAB_LIB/thin_archive.py" "$archive" "$thin" || return 1
  IMPORT_AS=/host/load.tar import_over "$archive" on_node "$n" ctr -n k8s.io || return 1
  rm -f "$thin"
}
