#!/usr/bin/env bash
# Stands before rustc (RUSTC_WRAPPER): has libFuzzer told which edges of this project are run, and what is compared there.
# All else stays as the tests have it built, so that it is built once for both, and is not counted.
set -euo pipefail

for ((at = 2; at < $#; at++)); do
  if [ "${!at}" = --crate-name ]; then
    next=$((at + 1))
    if [ "${!next}" = secrets ]; then
      set -- "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
        -Cllvm-args=-sanitizer-coverage-trace-compares
    fi
    break
  fi
done
exec "$@"
