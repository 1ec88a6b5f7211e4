#!/usr/bin/env bash
# Sets up an environment of its own and runs every test. Further arguments go to pytest:
#   bash tests/run.sh -k metrics
# FAIRDD_VENV names the environment (default: .venv); it is made, or brought up to date, as needed.
set -euo pipefail
cd "$(dirname "$0")/.."

venv="${FAIRDD_VENV:-.venv}"
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --upgrade "pip>=25.1"
"$venv/bin/python" -m pip install --quiet -r requirements.txt --group dev

# The browser tests drive the system's Chromium. Without it, and without the right to install it, they skip.
if ! command -v chromium >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && apt-get install -y -qq chromium fonts-dejavu-core >/dev/null
fi

pytest=("$venv/bin/python" -m pytest)
[ "$#" -gt 0 ] && exec "${pytest[@]}" "$@"

# Tests that start processes and watch the clock have the machine to themselves; the others share it.
# Every group runs, whether or not an earlier one failed.
timed=(tests/runs tests/cli)
failed=0
OMP_NUM_THREADS=1 "${pytest[@]}" --numprocesses 2 --ignore=tests/e2e "${timed[@]/#/--ignore=}" || failed=1
"${pytest[@]}" --numprocesses 2 --dist loadfile -m "not slow and not alone" tests/e2e || failed=1
"${pytest[@]}" -m "not slow and (alone or not browser)" "${timed[@]}" tests/e2e || failed=1
exit "$failed"
