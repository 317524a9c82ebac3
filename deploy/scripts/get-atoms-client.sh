#!/usr/bin/env bash
# Prints the folder of the client of Atoms, for PYTHONPATH, installing it into .tools first if it is not there:
# the version of atoms-client.txt, with what it imports, and no more.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
pins=$here/atoms-client.txt
target=$(cd "$here/../.." && pwd)/.tools/atoms-client

# Wheels are for one version of Python.
wanted=$(python3 --version; cat "$pins")
if [ "$(cat "$target/installed.txt" 2>/dev/null)" != "$wanted" ]; then
  echo "getting the client of Atoms from PyPI" >&2
  new=$target.$$
  trap 'rm -rf "$new"' EXIT
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps \
    --only-binary :all: --require-hashes --target "$new" -r "$pins" >&2
  printf '%s\n' "$wanted" >"$new/installed.txt"
  rm -rf "$target"
  mv "$new" "$target"
fi
echo "$target"
