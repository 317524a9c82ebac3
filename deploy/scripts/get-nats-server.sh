#!/usr/bin/env bash
# Prints the path of a nats-server that is new enough, getting one first if there is none.
# In order: $NATS_SERVER, PATH, .tools (what an earlier run got), the official release (checksum
# verified), Debian's newest package (unpacked here: the system is not touched).
set -euo pipefail

wanted=2.14.3
release=2.14.5
root=$(cd "$(dirname "$0")/../.." && pwd)
tools=$root/.tools

new_enough() {
  local have
  have=$("$1" --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -1) || return 1
  [ -n "$have" ] && [ "$(printf '%s\n%s\n' "$wanted" "$have" | sort -V | head -1)" = "$wanted" ]
}

from_release() {
  local os arch name
  case "$(uname -s)" in Linux) os=linux ;; Darwin) os=darwin ;; *) return 1 ;; esac
  case "$(uname -m)" in x86_64 | amd64) arch=amd64 ;; aarch64 | arm64) arch=arm64 ;; *) return 1 ;; esac
  name=nats-server-v$release-$os-$arch
  local url=https://github.com/nats-io/nats-server/releases/download/v$release
  (
    cd "$tools"
    curl -fsSL --connect-timeout 5 -o "$name.tar.gz" "$url/$name.tar.gz" &&
      curl -fsSL --connect-timeout 5 -o SHA256SUMS "$url/SHA256SUMS" &&
      grep " $name.tar.gz\$" SHA256SUMS | { sha256sum -c - || shasum -a 256 -c -; } &&
      tar -xzf "$name.tar.gz" && cp "$name/nats-server" nats-server
    rc=$?
    rm -rf "$name" "$name.tar.gz" SHA256SUMS
    exit "$rc"
  ) >&2
}

from_homebrew() {
  command -v brew >/dev/null || return 1
  brew install nats-server >&2
  cp "$(brew --prefix nats-server)/bin/nats-server" "$tools/nats-server"
}

from_debian() {
  command -v apt-get >/dev/null && command -v dpkg >/dev/null || return 1
  local apt=$tools/apt suite
  for suite in trixie-backports forky sid; do
    rm -rf "$apt"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/debs"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian $suite main" >"$apt/sources.list"
    local options=(-qq -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
      -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache"
      -o "APT::Sandbox::User=$(id -un)" -o Acquire::Languages=none)
    apt-get "${options[@]}" update >&2 || continue
    (cd "$apt/debs" && apt-get "${options[@]}" download nats-server) >&2 || continue
    dpkg -x "$apt"/debs/nats-server_*.deb "$apt/x"
    cp "$(find "$apt/x" -type f -name nats-server -perm -u+x | head -1)" "$tools/nats-server"
    rm -rf "$apt"
    new_enough "$tools/nats-server" && return 0
  done
  return 1
}

for candidate in "${NATS_SERVER:-}" "$(command -v nats-server || true)" "$tools/nats-server"; do
  if [ -n "$candidate" ] && new_enough "$candidate"; then
    echo "$candidate"
    exit 0
  fi
done
mkdir -p "$tools"
for source in from_release from_homebrew from_debian; do
  echo "getting nats-server: $source" >&2
  if "$source" && new_enough "$tools/nats-server"; then
    echo "$tools/nats-server"
    exit 0
  fi
done
echo "no nats-server $wanted or newer could be had: install one and put it on PATH" >&2
exit 1
