#!/usr/bin/env bash
# Runs a command with a throw-away PostgreSQL: `with-postgres.sh cargo test`.
# TEST_DATABASE_URL names it; when that is set already, its server is used. PostgreSQL is installed
# when it is missing and that is possible. Nothing is kept, so nothing is synced to disk.
set -euo pipefail

if [ -n "${TEST_DATABASE_URL:-}" ]; then
  exec "$@"
fi

find_bin() {
  local candidate
  for candidate in "$(dirname "$(command -v initdb || echo /none/initdb)")" \
    $(compgen -G '/usr/lib/postgresql/*/bin' | sort -rV || true) \
    $(command -v brew >/dev/null && compgen -G "$(brew --prefix)/opt/postgresql*/bin" | sort -rV || true); do
    if [ -x "$candidate/initdb" ] && [ -x "$candidate/pg_ctl" ]; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

install_postgres() {
  local sudo=()
  if command -v apt-get >/dev/null; then
    [ "$(id -u)" = 0 ] || sudo=(sudo -n)
    "${sudo[@]}" apt-get update -qq
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends postgresql
  elif command -v brew >/dev/null; then
    brew install postgresql@17
  fi
}

bin=$(find_bin) || {
  echo "installing PostgreSQL" >&2
  install_postgres >&2 || true
  bin=$(find_bin) || {
    echo "no PostgreSQL: install it, or set TEST_DATABASE_URL" >&2
    exit 1
  }
}

# PostgreSQL refuses to run as root.
as_owner=()
if [ "$(id -u)" = 0 ]; then
  if command -v setpriv >/dev/null; then
    as_owner=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  else
    as_owner=(runuser -u postgres --)
  fi
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/mw-postgres.XXXXXX")
stop() {
  "${as_owner[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap stop EXIT
[ "$(id -u)" != 0 ] || chown postgres "$folder"
cd "$folder"
"${as_owner[@]}" "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --no-sync >"$folder/initdb.log" 2>&1 ||
  { cat "$folder/initdb.log" >&2 && exit 1; }

# Another process may take the port first: then the server does not come up, and we try again.
options="-c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder -c fsync=off"
options+=" -c synchronous_commit=off -c full_page_writes=off -c max_connections=400"
options+=" -c shared_buffers=64MB"
port=
for _ in 1 2 3 4 5 6 7 8 9 10; do
  port=$((20000 + RANDOM % 20000))
  if "${as_owner[@]}" "$bin/pg_ctl" -D "$folder/data" -l "$folder/server.log" -w \
    -o "$options -c port=$port" start >/dev/null 2>&1; then
    break
  fi
  port=
done
if [ -z "$port" ]; then
  cat "$folder/server.log" >&2
  exit 1
fi
export TEST_DATABASE_URL=postgres://postgres@127.0.0.1:$port/postgres

# In the background, so that a signal is passed on at once; its input stays what it was.
cd "$OLDPWD"
"$@" <&0 &
child=$!
trap 'kill -TERM "$child" 2>/dev/null' INT TERM
code=0
wait "$child" || code=$?
# A signal ends the first wait, not the command.
while kill -0 "$child" 2>/dev/null; do
  wait "$child" || code=$?
done
exit "$code"
