#!/usr/bin/env bash
# get-genworlds-client.sh
# Prints a virtual environment with the package of GenWorlds and what of its dependencies it imports, installing the
# versions of genworlds-client.txt into .tools first if they are not there. The package runs on Python 3.11 at most.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
pins=$here/genworlds-client.txt
target=$(cd "$here/../.." && pwd)/.tools/genworlds-client

python=python3
! command -v python3.11 >/dev/null || python=python3.11
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if [ "$version" != 3.11 ]; then
  echo "the package of GenWorlds needs Python 3.11, and here is $version: install python3.11" >&2
  exit 1
fi

wanted=$("$python" --version; cat "$pins")
if [ "$(cat "$target/installed.txt" 2>/dev/null)" != "$wanted" ]; then
  echo "getting the package of GenWorlds from PyPI" >&2
  new=$target.$$
  trap 'rm -rf "$new"' EXIT
  "$python" -m venv --without-pip "$new"
  "$python" -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps \
    --only-binary :all: --require-hashes --target "$new/lib/python$version/site-packages" -r "$pins" >&2
  printf '%s\n' "$wanted" >"$new/installed.txt"
  rm -rf "$target"
  mv "$new" "$target"
fi
echo "$target"
