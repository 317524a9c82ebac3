#!/usr/bin/env bash
# Builds the console, the web page of the gateway, into services/gateway/console/dist, if it is older than its sources.
# The gateway embeds what is there when it is built; without Node.js it is built without the console.
#
#   build-console.sh              fails where it can't be built
#   build-console.sh --optional   then prints why, and succeeds
set -euo pipefail
cd "$(dirname "$0")/../../services/gateway/console"

is_optional=
[ "${1:-}" != --optional ] || is_optional=yes

give_up() {
  echo "the console is not built: $1" >&2
  if [ -n "$is_optional" ]; then exit 0; fi
  exit 1
}

[ -f package.json ] || give_up "its sources are not here"
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  give_up "install Node.js 18 or later with npm (https://nodejs.org, or apt-get install nodejs npm)"
fi
# What a build was made of, so that nothing is done twice.
sources() {
  node --version
  # The worlds of the examples are in it.
  find . ../../../deploy/worlds -path ./node_modules -prune -o -path ./dist -prune -o -path ./tests -prune -o \
    -type f -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum
}
now=$(sources | sha256sum)
[ "$now" != "$(cat node_modules/.built 2>/dev/null)" ] || [ ! -f dist/index.html ] || exit 0

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "building the console" >&2
if ! { npm ci --no-audit --no-fund --ignore-scripts && npm run build; } >"$log" 2>&1; then
  cat "$log" >&2
  give_up "npm has failed"
fi
echo "$now" >node_modules/.built
