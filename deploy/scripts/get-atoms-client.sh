#!/usr/bin/env bash
# get-atoms-client.sh [client|crew]
# Prints a folder for PYTHONPATH with the package of Atoms, installing it into .tools first if it is not there: the
# versions of atoms-client.txt (its client with what it imports, and no more) or of atoms-crew.txt (its SDK).
set -euo pipefail

part=${1:-client}
here=$(cd "$(dirname "$0")" && pwd)
pins=$here/atoms-$part.txt
target=$(cd "$here/../.." && pwd)/.tools/atoms-$part

# Wheels are for one version of Python.
wanted=$(python3 --version; cat "$pins")
if [ "$(cat "$target/installed.txt" 2>/dev/null)" != "$wanted" ]; then
  echo "getting the $part of Atoms from PyPI" >&2
  new=$target.$$
  trap 'rm -rf "$new"' EXIT
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps \
    --only-binary :all: --require-hashes --target "$new" -r "$pins" >&2
  printf '%s\n' "$wanted" >"$new/installed.txt"
  rm -rf "$target"
  mv "$new" "$target"
fi
echo "$target"
