#!/usr/bin/env bash
# Makes an image of a folder with the binaries of the services, for the build argument BINARIES of
# deploy/docker/Dockerfile: so images are made in seconds of what was compiled before.
# usage: binaries-image.sh FOLDER [IMAGE]
set -euo pipefail

folder=${1:?usage: binaries-image.sh FOLDER [IMAGE]}
image=${2:-manyworlds-binaries:local}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

mkdir "$out/out"
for binary in world agent-worker gateway persistence manyworlds; do
  [ -x "$folder/$binary" ] || { echo "$folder has no $binary" >&2; exit 1; }
  # As the profile `dist` does: functions keep their names, for backtraces.
  strip --strip-debug -o "$out/out/$binary" "$folder/$binary"
done
cp "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$out/out/ca-certificates.crt"
chmod 755 "$out/out"/*
tar -C "$out" --numeric-owner --owner 0 --group 0 -c out | docker import - "$image" >/dev/null
echo "$image"
