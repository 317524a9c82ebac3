#!/usr/bin/env bash
# get-api-clients.sh python|typescript|browser
# Prints a folder with what generates a client from /openapi.json, installing the versions of api-clients/ into .tools
# first if they are not there. Python: a folder for PYTHONPATH, with schemathesis and a validator beside the
# generator. TypeScript: a folder with node_modules. Browser: the same, with Playwright, which drives the browser of this machine.
set -euo pipefail

part=$1
here=$(cd "$(dirname "$0")" && pwd)
pins=$here/api-clients
target=$(cd "$here/../.." && pwd)/.tools/api-clients-$part

install_python() {
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps \
    --only-binary :all: --require-hashes --target "$1" -r "$pins/python.txt" >&2
}

install_typescript() {
  install_npm "$pins" "$1"
}

install_browser() {
  install_npm "$pins/browser" "$1"
}

install_npm() {
  local pins=$1
  shift
  mkdir -p "$1"
  cp "$pins/package.json" "$pins/package-lock.json" "$1"
  npm ci --prefix "$1" --silent --no-audit --no-fund --ignore-scripts >&2
}

case $part in
  # Wheels are for one version of Python.
  python) wanted=$(python3 --version; cat "$pins/python.txt") ;;
  typescript) wanted=$(cat "$pins/package-lock.json") ;;
  browser) wanted=$(cat "$pins/browser/package-lock.json") ;;
  *)
    echo "usage: get-api-clients.sh python|typescript|browser" >&2
    exit 2
    ;;
esac

is_installed() {
  [ "$(cat "$target/installed.txt" 2>/dev/null)" = "$wanted" ]
}

if ! is_installed; then
  # Tests may run at the same time, and one that runs must keep what it uses.
  mkdir -p "$(dirname "$target")"
  for _ in $(seq 600); do
    ! mkdir "$target.lock" 2>/dev/null || break
    sleep 1
  done
  new=$target.$$
  trap 'rm -rf "$new" "$target.lock"' EXIT
  if ! is_installed; then
    echo "getting what tests need of $part" >&2
    "install_$part" "$new"
    printf '%s\n' "$wanted" >"$new/installed.txt"
    rm -rf "$target"
    mv "$new" "$target"
  fi
fi
echo "$target"
