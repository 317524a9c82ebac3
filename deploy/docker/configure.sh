#!/bin/sh
# Writes what the services of docker-compose.yml must not share: keys, passwords, and the configuration that has them,
# a folder of /config for each. Runs before everything else, at each `docker compose up`, and keeps what it made.
#
#   configure.sh                  all of it
#   configure.sh cluster          the same for three NATS servers (the profile `cluster`)
#   configure.sh observability    where traces go, and where the console shows them (the profile `observability`)
#
# MANYWORLDS_API_KEY, POSTGRES_PASSWORD and GRAFANA_PORT are taken from the environment where they are set. The other variables are
# for tests.
set -eu
umask 077

config=${CONFIG:-/config}
templates=${TEMPLATES:-/nats}
secrets=$config/secrets
services="world gateway worker persistence"
# The user and the group of the services, and the group of PostgreSQL's image.
owner=${OWNER:-10001:10001}
group=${owner#*:}
postgres_group=${POSTGRES_GROUP:-999}

fail() {
  echo "$1" >&2
  exit 1
}

# What begins with a letter is no number, neither for NATS nor for TOML.
random() {
  printf 'mw-%s' "$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')"
}

# secret NAME [VALUE]: the value, or else what was made before, or else something new.
secret() {
  if [ -n "${2:-}" ]; then
    case $2 in *[!A-Za-z0-9._~-]*) fail "$1: only letters, digits and . _ ~ - are allowed" ;; esac
    printf '%s' "$2" >"$secrets/$1"
  elif [ ! -s "$secrets/$1" ]; then
    random >"$secrets/$1"
  fi
  cat "$secrets/$1"
}

# publish FOLDER FILE [GROUP]: writes what comes in to a file of a folder, that its group can read. A reader never sees
# a part of it.
publish() {
  mkdir -p "$config/$1"
  cat >"$config/$1/.new"
  chgrp "${3:-$group}" "$config/$1" "$config/$1/.new"
  chmod 750 "$config/$1"
  chmod 440 "$config/$1/.new"
  mv "$config/$1/.new" "$config/$1/$2"
}

# The log of one server can't be taken over by three: it is moved by `manyworlds backup` and `restore`.
become_cluster() {
  [ ! -e "$secrets/cluster" ] || return 0
  [ ! -e "$config/nats-data/jetstream" ] ||
    fail "The volume nats has the log of a single server. A cluster begins with empty volumes: docs/compose.md."
  : >"$secrets/cluster"
}

# The configuration of the NATS servers, with a user for each service.
nats() {
  # The servers are not root.
  for data in "$config"/nats*-data; do
    [ "$(stat -c %u "$data")" = "${owner%:*}" ] || chown -R "$owner" "$data"
  done
  fill=
  for user in $services backup; do
    variable=MW_NATS_$(echo "$user" | tr '[:lower:]' '[:upper:]')
    fill="$fill;s/\\\$$variable\$/$(secret "nats-$user")/"
  done
  sed "$fill" "$templates"/users.conf | publish nats users.conf
  publish nats nats.conf <"$templates"/nats.conf
  {
    echo 'include ./nats.conf'
    echo 'include ./users.conf'
    [ ! -e "$secrets/cluster" ] || cluster_section
  } | publish nats main.conf
}

cluster_section() {
  password=$(secret nats-route)
  echo "cluster {"
  echo "  name: manyworlds"
  echo "  listen: \"0.0.0.0:6222\""
  echo "  authorization { user: route, password: $password }"
  echo "  routes: ["
  for server in nats nats-2 nats-3; do echo "    \"nats-route://route:$password@$server:6222\""; done
  echo "  ]"
  echo "}"
}

# The configuration of a service: its own user of NATS, and what comes in.
service() {
  url=nats://$1:$(secret "nats-$1")@nats:4222
  copies=1
  if [ -e "$secrets/cluster" ]; then
    url=$url,nats://nats-2:4222,nats://nats-3:4222
    copies=3
  fi
  {
    cat
    echo "[nats]"
    echo "url = \"$url\""
    echo "replicas = $copies"
  } | publish "$1" manyworlds.toml
}

everything() {
  key=$(secret api-key "${MANYWORLDS_API_KEY:-}")
  metrics_key=$(secret metrics-key)
  database=$(secret postgres "${POSTGRES_PASSWORD:-}")
  nats
  service world </dev/null
  service worker </dev/null
  # The second key reads metrics, and acts as nobody.
  echo "api_keys = [\"$key\", {key = \"$metrics_key\", entities = []}]" | service gateway
  echo "database = \"postgres://manyworlds:$database@postgres:5432/manyworlds\"" | service persistence
  printf '%s' "$database" | publish postgres password "$postgres_group"
  printf '%s' "$metrics_key" | publish prometheus gateway-key
  printf '%s' "$key" | publish client api-key
  for name in $services; do rm -f "$config/$name/otlp-endpoint"; done
}

# Where Grafana shows a trace: the console links events to it.
trace_url() {
  echo "http://127.0.0.1:${GRAFANA_PORT:-3000}/explore?schemaVersion=1&orgId=1&panes=%7B%22t%22%3A%7B%22datasource%22%3A%22tempo%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22datasource%22%3A%7B%22type%22%3A%22tempo%22%2C%22uid%22%3A%22tempo%22%7D%2C%22queryType%22%3A%22traceql%22%2C%22query%22%3A%22{trace_id}%22%7D%5D%2C%22range%22%3A%7B%22from%22%3A%22now-6h%22%2C%22to%22%3A%22now%22%7D%7D%7D"
}

mkdir -p "$secrets"
case ${1:-} in
  "") everything ;;
  cluster)
    become_cluster
    everything
    ;;
  observability)
    for name in $services; do echo "http://otel-lgtm:4318" | publish "$name" otlp-endpoint; done
    {
      echo "trace_url = \"$(trace_url)\""
      cat "$config/gateway/manyworlds.toml"
    } | publish gateway manyworlds.toml
    ;;
  *) fail "usage: configure.sh [cluster|observability]" ;;
esac
