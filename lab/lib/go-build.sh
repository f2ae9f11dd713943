# shellcheck shell=bash
# Builds commands of published Go modules into the cache, one at a time. Each is moved into place
# when it is complete.

find_go() {
  local candidate version
  for candidate in "$(command -v go || true)" /usr/local/go/bin/go /usr/lib/go-1.*/bin/go; do
    [[ -x $candidate ]] || continue
    version=$("$candidate" env GOVERSION 2>/dev/null) || continue
    version=${version#go1.}
    # Go 1.21 and newer fetch the toolchain that a module asks for.
    if (( ${version%%[!0-9]*} >= 21 )); then GO=$candidate; return; fi
  done
  fail "no Go 1.21 or newer to build the lab's tools with." \
    "Looked in PATH, /usr/local/go/bin and /usr/lib/go-1.*/bin." \
    "Install Go 1.26 (https://go.dev/doc/install); 'go version' must then work in this shell."
}

# go_module NAME MODULE@VERSION [GO.MOD LINES...]: changes to the folder of a local module that
# requires the given one.
go_module() {
  local name=$1 requirement=$2
  shift 2
  find_go
  mkdir -p "$CACHE/build/$name" "$CACHE/log"
  cd "$CACHE/build/$name" || exit 1
  { printf 'module lab/%s\n\ngo 1.26\n\nrequire %s %s\n' "$name" "${requirement%@*}" "${requirement#*@}"
    (( $# == 0 )) || printf '%s\n' "$@"; } >go.mod.new
  # Keep the sums and indirect requirements found earlier unless the request changed.
  if ! cmp -s go.mod.new go.mod.asked; then
    cp go.mod.new go.mod
    rm -f go.sum
    mv go.mod.new go.mod.asked
  fi
}

# go_command PACKAGE FILE [LDFLAGS]: builds PACKAGE to FILE in the current module (see go_module).
# CGO=1 enables cgo.
go_command() {
  local package=$1 file=$2 ldflags="-s -w ${3:-}"
  local building=$CACHE/build/${file##*/}.building
  [[ -x $file ]] && return 0
  mkdir -p "${file%/*}"
  rm -f "$building"
  with_progress "building ${file##*/}" "$CACHE/log/build-${file##*/}.log" \
    env CGO_ENABLED="${CGO:-0}" GOFLAGS="${GOFLAGS:-} -buildvcs=false" \
    "$GO" build -mod=mod -v -trimpath -ldflags "$ldflags" -o "$building" "$package"
  mv "$building" "$file"
}

# go_module_dir MODULE@VERSION: prints its folder in the module cache.
go_module_dir() {
  "$GO" mod download -json "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])'
}
