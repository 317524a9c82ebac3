#!/usr/bin/env bash
# Makes debian:offline, node:offline, rust:offline, nats:offline and postgres:offline out of a Debian mirror, this
# machine's Rust toolchain and nats-server, and gets Compose and buildx where they are missing, for where no image
# registry can be reached. With arguments, only these: plugins, debian, node, rust, nats, postgres. What is there is
# kept. Needs root and a Docker engine. CONTRIBUTING.md says what to do with them.
set -euo pipefail

suite=${SUITE:-bookworm}
mirror=${MIRROR:-http://deb.debian.org/debian}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Debian 12's docker.io has neither plugin. Those of its newest version are programs without dependencies: they are
# unpacked for this user, and the system is not touched.
plugins() {
  if docker compose version && docker buildx version; then return; fi >/dev/null 2>&1
  local apt=$work/apt plugins=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/debs" "$plugins"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror forky main" >"$apt/sources.list"
  local options=(-qq -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache"
    -o "APT::Sandbox::User=$(id -un)" -o Acquire::Languages=none)
  apt-get "${options[@]}" update
  (cd "$apt/debs" && apt-get "${options[@]}" download docker-compose docker-buildx)
  local package
  for package in "$apt"/debs/*.deb; do dpkg -x "$package" "$apt/x"; done
  cp "$apt"/x/usr/libexec/docker/cli-plugins/docker-* "$plugins/"
  docker compose version
  docker buildx version
}

have_image() { docker image inspect "$1:offline" >/dev/null 2>&1; }

debian() {
  local root=$work/root
  command -v debootstrap >/dev/null || apt-get install -y -qq --no-install-recommends debootstrap
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

node() {
  docker build -q -t node:offline - <<'D'
FROM debian:offline
RUN apt-get update && apt-get install -y --no-install-recommends nodejs npm && rm -rf /var/lib/apt/lists/*
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
D
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
# As the usual image does: POSTGRES_USER, POSTGRES_DB, and POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE on the first start.
set -euo pipefail
[ -z "${POSTGRES_PASSWORD_FILE:-}" ] || POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
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
# The ids of the usual image's user.
RUN groupadd -r postgres --gid=999 && useradd -r -g postgres --uid=999 -d /var/lib/postgresql -s /bin/bash postgres
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-common && \
    sed -i 's/^#*create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf && \
    apt-get install -y --no-install-recommends postgresql && rm -rf /var/lib/apt/lists/*
RUN ln -sf /usr/lib/postgresql/*/bin/* /usr/local/bin/ && \
    install -d -o postgres -g postgres -m 700 /var/lib/postgresql/data
COPY start /usr/local/bin/start
STOPSIGNAL SIGINT
ENTRYPOINT ["start"]
D
  docker build -q -t postgres:offline "$work/postgres"
}

[ $# -gt 0 ] || set -- plugins debian node rust nats postgres
for part in "$@"; do
  case $part in
    plugins)
      echo "getting Compose and buildx" >&2
      plugins >&2
      ;;
    debian | node | rust | nats | postgres)
      ! have_image "$part" || continue
      [ "$part" = debian ] || have_image debian || debian
      echo "making $part:offline" >&2
      "$part" >&2
      ;;
    *)
      echo "usage: offline-images.sh [plugins|debian|node|rust|nats|postgres ...]" >&2
      exit 2
      ;;
  esac
done
