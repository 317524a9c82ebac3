#!/usr/bin/env bash
# Runs a command with a PostgreSQL of its own: with-postgres.sh cargo test
# The cluster is in a temporary folder, on a free loopback port, and gone afterwards. The command
# finds it in TEST_DATABASE_URL; if that is set already, nothing is started.
set -euo pipefail

[ $# -gt 0 ] || { echo "usage: $0 COMMAND [ARGUMENT...]" >&2; exit 2; }
[ -z "${TEST_DATABASE_URL:-}" ] || exec "$@"

# Debian keeps the server's programs off PATH; the newest version wins.
find_postgres() {
  local folder
  for folder in $(compgen -G '/usr/lib/postgresql/*/bin' | sort -rV) \
    "$(brew --prefix postgresql@17 2>/dev/null)/bin" "$(dirname "$(command -v initdb || echo /none)")"; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ]; then
      echo "$folder"
      return 0
    fi
  done
  return 1
}

install_postgres() {
  echo "getting PostgreSQL" >&2
  if command -v apt-get >/dev/null; then
    local sudo=()
    [ "$(id -u)" = 0 ] || sudo=(sudo -n)
    "${sudo[@]}" apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq \
      --no-install-recommends postgresql >&2
  elif command -v brew >/dev/null; then
    brew install postgresql@17 >&2
  else
    return 1
  fi
}

bin=$(find_postgres) || { install_postgres && bin=$(find_postgres); } || {
  echo "no PostgreSQL could be had: install it, or set TEST_DATABASE_URL" >&2
  exit 1
}

folder=$(mktemp -d "${TMPDIR:-/tmp}/manyworlds-postgres.XXXXXX")
# PostgreSQL refuses to run as root.
as_owner=()
if [ "$(id -u)" = 0 ]; then
  id postgres >/dev/null 2>&1 || useradd --system --no-create-home postgres
  chown postgres "$folder"
  as_owner=(setpriv --reuid=postgres --regid="$(id -g postgres)" --clear-groups)
fi

stop() {
  # The tests are over: nobody waits for an orderly end, or for the disk.
  (cd "$folder" && "${as_owner[@]}" "$bin/pg_ctl" -D data -m immediate -w stop >/dev/null 2>&1) || true
  rm -rf "$folder"
}
trap stop EXIT

free_port() {
  local port
  for _ in $(seq 100); do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return 0; }
  done
  return 1
}

cd_run() { (cd "$folder" && "${as_owner[@]}" "$@"); }

cd_run "$bin/initdb" -D data -U postgres -A trust -E UTF8 --no-sync >"$folder.log" 2>&1 || {
  cat "$folder.log" >&2
  exit 1
}
rm -f "$folder.log"
# Two runs may choose the same port: the later one then takes another.
for _ in 1 2 3 4 5; do
  port=$(free_port)
  if cd_run "$bin/pg_ctl" -D data -l log -w -t 60 start \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300" >/dev/null; then
    TEST_DATABASE_URL=postgres://postgres@127.0.0.1:$port/postgres
    break
  fi
done
[ -n "${TEST_DATABASE_URL:-}" ] || { cat "$folder/log" >&2; exit 1; }
export TEST_DATABASE_URL

code=0
"$@" || code=$?
exit "$code"
