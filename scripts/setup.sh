#!/usr/bin/env bash
# Installs what a build needs, where it is missing. Rust itself is expected.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/packages.sh
. scripts/packages.sh

need cc gcc
need c++ g++
need cmake cmake
need make make
need git git
need curl curl
[ -e /usr/include/stdio.h ] || [ "$(uname -s)" != Linux ] || missing+=(libc6-dev)
install_missing
command -v cargo >/dev/null || die "cargo is missing; install Rust with rustup first"
