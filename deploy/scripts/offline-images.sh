#!/usr/bin/env bash
# Makes debian:offline, rust:offline, nats:offline and postgres:offline out of a Debian mirror, this
# machine's Rust toolchain and nats-server, for where no image registry can be reached.
# Needs root, a Docker engine and debootstrap. CONTRIBUTING.md says what to do with them.
set -euo pipefail

suite=${SUITE:-bookworm}
mirror=${MIRROR:-http://deb.debian.org/debian}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

debian() {
  local root=$work/root
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "$mirror" >"$work/log" 2>&1 ||
    { tail -20 "$work/log" >&2; return 1; }
  # Behind a proxy that opens TLS, containers need its certificate as this machine does.
  if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
    cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/"
    chroot "$root" update-ca-certificates >/dev/null 2>&1
  fi
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
  tar -C "$root" --numeric-owner -c . |
    docker import -c 'CMD ["bash"]' -c 'ENV LANG=C.UTF-8' - debian:offline >/dev/null
  rm -rf "$root"
}

rust() {
  mkdir "$work/rust"
  tar -C "$(rustc --print sysroot)" --exclude=share -cf "$work/rust/toolchain.tar" bin lib
  cat >"$work/rust/Dockerfile" <<'D'
FROM debian:offline
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && \
    rm -rf /var/lib/apt/lists/*
ADD toolchain.tar /usr/local/
ENV CARGO_HOME=/usr/local/cargo PATH=/usr/local/cargo/bin:/usr/local/bin:/usr/bin:/bin
D
  docker build -q -t rust:offline "$work/rust"
}

nats() {
  mkdir "$work/nats"
  cp "$("$here/get-nats-server.sh")" "$work/nats/nats-server"
  cat >"$work/nats/Dockerfile" <<'D'
FROM debian:offline
RUN apt-get update && apt-get install -y --no-install-recommends wget && rm -rf /var/lib/apt/lists/*
COPY nats-server /usr/local/bin/nats-server
ENTRYPOINT ["nats-server"]
D
  docker build -q -t nats:offline "$work/nats"
}

postgres() {
  mkdir "$work/postgres"
  cat >"$work/postgres/start" <<'D'
#!/bin/bash
# As the usual image does: POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB on the first start.
set -euo pipefail
export PGDATA=/var/lib/postgresql/data
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  chown postgres "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb -U "$POSTGRES_USER" --auth-host=scram-sha-256 --auth-local=trust \
    --pwfile=<(printf '%s' "$POSTGRES_PASSWORD") >/dev/null
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl -w -o "-c listen_addresses=''" start >/dev/null
  [ "$POSTGRES_DB" = postgres ] || createdb -U "$POSTGRES_USER" "$POSTGRES_DB"
  pg_ctl -m fast -w stop >/dev/null
fi
exec postgres -c listen_addresses='*' "$@"
D
  chmod +x "$work/postgres/start"
  cat >"$work/postgres/Dockerfile" <<'D'
FROM debian:offline
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-common && \
    sed -i 's/^#*create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf && \
    apt-get install -y --no-install-recommends postgresql && rm -rf /var/lib/apt/lists/*
RUN ln -sf /usr/lib/postgresql/*/bin/* /usr/local/bin/
COPY start /usr/local/bin/start
STOPSIGNAL SIGINT
ENTRYPOINT ["start"]
D
  docker build -q -t postgres:offline "$work/postgres"
}

for image in debian rust nats postgres; do
  echo "making $image:offline" >&2
  "$image"
done
