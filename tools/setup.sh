#!/bin/sh
# Makes the virtual environment from the hash lock.
# usage: tools/setup.sh LOCKFILE     (environment: VENV, PYTHON)
set -eu
lock=${1:?usage: tools/setup.sh requirements/run.txt}
venv=${VENV:-.venv}

say() { printf '%s\n' "$*" >&2; }

as_root() { # run as root where that needs no question; else return 1
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"
  else return 1; fi
}

apt_install() {
  command -v apt-get >/dev/null 2>&1 || return 1
  as_root apt-get update -qq >/dev/null && as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

find_python() {
  for candidate in ${PYTHON:-} python3.14 python3.13 python3.12 python3.11 python3 python; do
    if command -v "$candidate" >/dev/null 2>&1 &&
      "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"; return 0
    fi
  done
  return 1
}

make_venv() {
  python=$(find_python) || { say "Python 3.11 or newer was not found. Install it, then run make again."; exit 1; }
  if ! "$python" -m venv --clear "$venv" >/dev/null 2>&1; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    say "This Python cannot make virtual environments; installing python$version-venv"
    apt_install "python$version-venv" || apt_install python3-venv || {
      say "Please run once:  sudo apt-get install python$version-venv"; exit 1; }
    "$python" -m venv --clear "$venv"
  fi
}

stamp="$venv/installed"
wanted=$(cat "$lock" pyproject.toml | cksum)
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
  [ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1 || make_venv
  say "Installing the locked packages into $venv (once; a few minutes)"
  "$venv/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r "$lock"
  "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
  printf '%s\n' "$wanted" >"$stamp"
fi
