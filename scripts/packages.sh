# shellcheck shell=bash
# Sourced by the other scripts: installs Debian packages for commands that are missing.

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
die() { say "$*"; exit 1; }

# Runs a command as root: directly, or through sudo where it asks for no password.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else
    die "root is needed for: $*; run it yourself, then run this script again"
  fi
}

apt_updated=
# Installs packages. The lists of packages are fetched once a run.
apt_install() {
  command -v apt-get >/dev/null || die "no apt-get here; install the equivalent of: $*"
  if [ -z "$apt_updated" ]; then
    as_root apt-get update -qq || die "apt-get update failed; check the network and the sources"
    apt_updated=yes
  fi
  say "installing $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
    >&2 || die "apt-get install failed for: $*"
}

# need COMMAND PACKAGE: collects the package in `missing` when the command is not there.
missing=()
need() {
  command -v "$1" >/dev/null || missing+=("$2")
}
install_missing() {
  [ "${#missing[@]}" -eq 0 ] || apt_install "${missing[@]}"
  missing=()
}

# wait_for SECONDS WHAT COMMAND...: tries four times a second until it succeeds or time is up.
wait_for() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || die "$what did not answer in time"
    sleep 0.25
  done
}
