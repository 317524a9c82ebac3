#!/usr/bin/env bash
# Gets what checks the files of deploy/ into .tools: kustomize, prometheus and promtool into .tools/bin, and the Python
# packages of deploy-tools.txt (kubernetes-validate, checkov) into .tools/deploy-python. With an argument, only that one
# program. Silent, and without the network, when everything is there.
# In order: PATH, .tools/bin (what an earlier run got), the official release (checksum verified), Homebrew, Debian's
# newest package (unpacked here: the system is not touched).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
tools=$(cd "$here/../.." && pwd)/.tools
bin=$tools/bin
kustomize=5.8.1
prometheus=3.5.3

# Any 5.x of kustomize renders the same; Debian's has no number.
works() {
  case $2 in
    kustomize) "$1" version 2>/dev/null | grep -qE '^(v5\.|\(devel\))' ;;
    *) "$1" --version >/dev/null 2>&1 ;;
  esac
}

have() {
  local candidate
  for candidate in "$bin/$1" "$(command -v "$1" || true)"; do
    [ -x "$candidate" ] && works "$candidate" "$1" && return 0
  done
  return 1
}

# from_release PROGRAM BASE_URL ARCHIVE CHECKSUMS
from_release() {
  (
    cd "$tools"
    curl -fsSL --connect-timeout 5 -o "$3" "$2/$3" &&
      curl -fsSL --connect-timeout 5 -o release.sums "$2/$4" &&
      grep " $3\$" release.sums | { sha256sum -c - || shasum -a 256 -c -; } &&
      mkdir -p release && tar -xzf "$3" -C release &&
      cp "$(find release -type f -name "$1" | head -1)" "$bin/$1"
    code=$?
    rm -rf release release.sums "$3"
    exit "$code"
  ) >&2
}

from_github() {
  local os arch
  case "$(uname -s)" in Linux) os=linux ;; Darwin) os=darwin ;; *) return 1 ;; esac
  case "$(uname -m)" in x86_64 | amd64) arch=amd64 ;; aarch64 | arm64) arch=arm64 ;; *) return 1 ;; esac
  case $1 in
    kustomize) from_release "$1" "https://github.com/kubernetes-sigs/kustomize/releases/download/kustomize%2Fv$kustomize" \
      "kustomize_v${kustomize}_${os}_$arch.tar.gz" checksums.txt ;;
    *) from_release "$1" "https://github.com/prometheus/prometheus/releases/download/v$prometheus" \
      "prometheus-$prometheus.$os-$arch.tar.gz" sha256sums.txt ;;
  esac
}

from_homebrew() {
  command -v brew >/dev/null || return 1
  local formula=$1
  [ "$formula" != promtool ] || formula=prometheus
  brew install "$formula" >&2
  ln -sf "$(brew --prefix "$formula")/bin/$1" "$bin/$1"
}

from_debian() {
  command -v apt-get >/dev/null && command -v dpkg >/dev/null || return 1
  local apt=$tools/apt-deploy suite
  for suite in forky sid; do
    rm -rf "$apt"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/debs"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian $suite main" >"$apt/sources.list"
    local options=(-qq -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
      -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache"
      -o "APT::Sandbox::User=$(id -un)" -o Acquire::Languages=none)
    apt-get "${options[@]}" update >&2 || continue
    (cd "$apt/debs" && apt-get "${options[@]}" download "$1") >&2 || continue
    dpkg -x "$apt/debs/$1"_*.deb "$apt/x"
    cp "$apt/x/usr/bin/$1" "$bin/$1"
    rm -rf "$apt"
    works "$bin/$1" "$1" && return 0
  done
  return 1
}

# Tests may run at the same time.
lock() {
  mkdir -p "$bin"
  for _ in $(seq 600); do
    if mkdir "$tools/deploy.lock" 2>/dev/null; then
      trap 'rm -rf "$tools/deploy.lock"' EXIT
      return
    fi
    sleep 1
  done
}

get_program() {
  ! have "$1" || return 0
  [ -n "${locked:-}" ] || lock
  locked=1
  ! have "$1" || return 0
  local source
  for source in from_github from_homebrew from_debian; do
    echo "getting $1: $source" >&2
    if "$source" "$1" && works "$bin/$1" "$1"; then return 0; fi
  done
  echo "no $1 could be had: install it and put it on PATH" >&2
  return 1
}

get_python() {
  local target=$tools/deploy-python wanted
  # Wheels are for one version of Python.
  wanted=$(python3 --version; cat "$here/deploy-tools.txt")
  [ "$(cat "$target/installed.txt" 2>/dev/null)" != "$wanted" ] || return 0
  [ -n "${locked:-}" ] || lock
  echo "getting kubernetes-validate and checkov" >&2
  rm -rf "$target"
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps \
    --only-binary :all: --require-hashes --target "$target" -r "$here/deploy-tools.txt" >&2
  printf '%s\n' "$wanted" >"$target/installed.txt"
}

case ${1:-all} in
  all)
    get_program kustomize
    get_program prometheus
    get_program promtool
    get_python
    ;;
  kustomize | prometheus | promtool) get_program "$1" ;;
  *)
    echo "usage: get-deploy-tools.sh [kustomize|prometheus|promtool]" >&2
    exit 2
    ;;
esac
