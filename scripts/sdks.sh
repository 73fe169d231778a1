#!/usr/bin/env bash
# Installs the clients that are tested, for Python and Node, into target/: see tests/it/{sdk,clients}.rs. Among the packages for
# Python is the newest NATS: Debian's, which scripts/services.sh runs, is older than what tests/it/nats.rs needs.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/packages.sh
. scripts/packages.sh

need python3 python3
need node nodejs
need npm npm
need chromium chromium
install_missing
python3 -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv python3-pip

# is_current STAMP FILE...: whether the files are those of the last install.
is_current() {
  local stamp=$1
  shift
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(cat "$@" | sha256sum)" ]
}

python=target/sdk-venv
if ! is_current $python/stamp tests/sdk/python/requirements.txt; then
  say "installing the client packages for Python"
  rm -rf $python
  python3 -m venv $python
  $python/bin/python -m pip install -q --disable-pip-version-check -r tests/sdk/python/requirements.txt
  sha256sum <tests/sdk/python/requirements.txt >$python/stamp
fi

node=target/sdk-node
if ! is_current $node/stamp tests/sdk/node/package.json tests/sdk/node/package-lock.json; then
  say "installing the client packages for Node"
  rm -rf $node
  mkdir -p $node
  cp tests/sdk/node/{package.json,package-lock.json,.npmrc} $node/
  (cd $node && npm ci --silent)
  cat tests/sdk/node/package.json tests/sdk/node/package-lock.json | sha256sum >$node/stamp
fi
