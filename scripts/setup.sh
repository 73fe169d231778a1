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
# The solver proves what policies promise for every request. The rest works without it, so a machine
# that cannot have it still builds. The subshell keeps a failed installation from ending this script.
if ! command -v cvc5 >/dev/null && ! (apt_install cvc5); then
  say "cvc5 is missing and cannot be had here: the policies of the starter run as they are, and others only"
  say "with \`policy.unproved = \"allow\"\`, for nothing about them can be proved; set \`policy.solver\` to one elsewhere"
fi
# So do sandboxes: without them no command of an agent runs.
if ! command -v bwrap >/dev/null && ! (apt_install bubblewrap); then
  say "bubblewrap is missing and cannot be had here: commands of agents are refused until it is installed"
fi
command -v cargo >/dev/null || die "cargo is missing; install Rust with rustup first"
scripts/console.sh
