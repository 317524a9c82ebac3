#!/usr/bin/env bash
# Builds the images of docker-compose.yml, and tries the system on a Docker engine (compose-test.py).
#   BINARIES=FOLDER   images of binaries that are there (target/dist, target/release), instead of compiling in the image
#   PROFILES=cluster  with three NATS servers
#   KEEP=1            the system goes on running afterwards, and is left as it is when something fails
# Where no registry can be reached, the base images come from offline-images.sh.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."

docker info >/dev/null 2>&1 || {
  echo "no Docker engine answers: start Docker (Debian: apt-get install docker.io)" >&2
  exit 1
}

registry() { timeout 20 docker manifest inspect debian:bookworm-slim >/dev/null 2>&1; }

if ! registry; then
  echo "no registry can be reached: making the base images" >&2
  parts=(plugins debian nats postgres)
  # Only what compiles them needs these.
  [ -n "${BINARIES:-}" ] || parts+=(node rust)
  "$here/offline-images.sh" "${parts[@]}"
  export NATS_IMAGE=nats:offline POSTGRES_IMAGE=postgres:offline RUNTIME_IMAGE=debian:offline
  export RUST_IMAGE=rust:offline NODE_IMAGE=node:offline
fi
if [ -n "${BINARIES:-}" ]; then
  BINARIES=$("$here/binaries-image.sh" "$BINARIES")
  export BINARIES
fi

# Beside a system of `docker compose up`, and not in its place.
export COMPOSE_PROJECT_NAME=manyworlds-test MANYWORLDS_VERSION=test
# Not what a person has set: the first try needs none of it.
unset MANYWORLDS_API_KEY POSTGRES_PASSWORD
export COMPOSE_PROFILES=${PROFILES:-}
export COMPOSE_ENV_FILES=/dev/null

started=$SECONDS
docker compose --profile cli build
echo "built in $((SECONDS - started)) s" >&2
exec python3 "$here/compose-test.py"
