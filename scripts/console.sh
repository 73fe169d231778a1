#!/usr/bin/env bash
# Builds the console into console/dist, from where the program takes it into itself. A machine without Node 20 builds
# a program without a console, which says so on its page.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/packages.sh
. scripts/packages.sh

# The tests bring a Node of their own where that of the machine is too old.
for own in target/sdk-node/node_modules/node-linux-*/bin; do
  [ -x "$own/node" ] && PATH=$PWD/$own:$PATH
done
major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/' || true)
if [ "${major:-0}" -lt 20 ] || ! command -v npm >/dev/null; then
  say "the console is left out: it needs Node 20 or newer, and npm"
  exit 0
fi
sources() {
  git ls-files -co --exclude-standard -z console | sort -z | xargs -0 sha256sum | sha256sum
}
stamp=console/node_modules/.built
if [ -f $stamp ] && [ -f console/dist/index.html ] && [ "$(cat $stamp)" = "$(sources)" ]; then
  exit 0
fi
say "building the console"
(cd console && npm ci --silent && npm run --silent check && npm run --silent build)
sources >$stamp
