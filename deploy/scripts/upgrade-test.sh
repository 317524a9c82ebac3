#!/usr/bin/env bash
# Starts a system with the services of an earlier commit, puts load on it, replaces them one after the other by those
# of this tree, in the order of docs/upgrade.md, and counts what is lost, doubled, reordered or hung.
set -euo pipefail
cd "$(dirname "$0")/../.."

from=${1:?the commit to upgrade from, such as HEAD~1}
commit=$(git rev-parse --verify --quiet "$from^{commit}") || {
    echo "upgrade-test: no commit $from here: a shallow clone has none" >&2
    exit 2
}
services=(-p world -p persistence -p agent-worker -p gateway)
target=$PWD/target/upgrade-from
tree=$(mktemp -d)
trap 'git worktree remove --force "$tree/tree"; rm -rf "$tree"' EXIT
git worktree add --quiet --detach "$tree/tree" "$commit"
(cd "$tree/tree" && CARGO_TARGET_DIR=$target cargo build "${services[@]}" --bins)
cargo build --workspace --bins --examples
target/debug/chaos --faults upgrade --rounds 3 --seconds 0 --upgrade-from "$target/debug"
