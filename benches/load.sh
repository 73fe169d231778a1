#!/usr/bin/env bash
# The load bench: installs what it drives with, then runs load.py. Arguments are passed on.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/packages.sh
. scripts/packages.sh

need wrk wrk
[ -x /usr/sbin/nginx ] || need nginx nginx-light
need python3 python3
need git git
install_missing
# 256 connections on both sides of every proxy, with room.
ulimit -n 8192 2>/dev/null || true
exec python3 benches/load.py "$@"
