#!/usr/bin/env bash
# Runs fuzz targets: those that are named, or all, each for FUZZ_SECONDS (60). Stops at the first input that a target fails
# on: it is in fuzz/artifacts then.
#
# Coverage is all that the fuzzer needs of the compiler, so the toolchain of the project will do: no sanitizer, which would
# need a nightly one. There is no unsafe code for it.
set -euo pipefail

cd "$(dirname "$0")/../.."
seconds=${FUZZ_SECONDS:-60}
deploy/scripts/fuzz-seeds.py
targets=("$@")
if [ "${#targets[@]}" -eq 0 ]; then
  for target in fuzz/fuzz_targets/*.rs; do
    targets+=("$(basename "$target" .rs)")
  done
fi
cargo fuzz build --sanitizer none
for target in "${targets[@]}"; do
  echo "== $target, $seconds s"
  cargo fuzz run --sanitizer none "$target" -- \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 -verbosity=0
done
