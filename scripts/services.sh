#!/usr/bin/env bash
# Makes sure that PostgreSQL, Redis and NATS with JetStream answer on local ports, and that the solver
# cvc5 is there: uses them where they are, installs and starts Debian's packages where they are not.
# Writes the addresses to target/test.env, which `make test` sources. Fails loudly: a test never goes
# without its service.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/packages.sh
. scripts/packages.sh

ready_s=60
log=$PWD/target/services
mkdir -p "$log"

# is_open PORT: whether something listens there.
is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Commits are signed in the tests of the git tree, and their policies are proved. Commands of agents run
# in sandboxes.
need ssh-keygen openssh-client
need cvc5 cvc5
need bwrap bubblewrap
need prlimit util-linux
need perl perl-base
install_missing

# --- PostgreSQL ---------------------------------------------------------------------------------

role=orchestack_test
postgres_port=${PGPORT:-5432}

postgres_answers() {
  [ "$(PGCONNECT_TIMEOUT=3 psql -XAtq "$1" -c \
    'select rolcreatedb or rolsuper from pg_roles where rolname = current_user' 2>/dev/null)" = t ]
}

# The first address that lets us make databases.
postgres_url() {
  local url
  for url in "${ORCHESTACK_TEST_POSTGRES:-}" \
    "postgres://postgres@127.0.0.1:$postgres_port/postgres" \
    "postgres://$role:$role@127.0.0.1:$postgres_port/postgres"; do
    if [ -n "$url" ] && postgres_answers "$url"; then
      printf '%s\n' "$url"
      return
    fi
  done
  return 1
}

# Runs psql as the system user `postgres`, over the socket.
psql_as_postgres() {
  as_root su postgres -c "psql -XAtq -p $postgres_port -v ON_ERROR_STOP=1" >/dev/null
}

start_postgres() {
  command -v pg_lsclusters >/dev/null || apt_install postgresql postgresql-client
  if is_open "$postgres_port"; then return; fi
  local version name port
  read -r version name port _ < <(pg_lsclusters -h | awk '$4 == "down"' | sort -k3,3n) ||
    die "PostgreSQL is installed without a cluster; make one with pg_createcluster"
  postgres_port=$port
  say "starting PostgreSQL $version/$name on port $port"
  as_root pg_ctlcluster "$version" "$name" start || die "PostgreSQL did not start; see pg_lsclusters"
  wait_for $ready_s "PostgreSQL on port $port" is_open "$port"
}

make_role() {
  say "making the role $role"
  local hint="set ORCHESTACK_TEST_POSTGRES to the address of a role that may create databases"
  psql_as_postgres <<SQL || die "cannot make the role $role; $hint"
do \$\$ begin
  if not exists (select from pg_roles where rolname = '$role') then
    create role $role;
  end if;
end \$\$;
alter role $role login createdb password '$role';
SQL
}

command -v psql >/dev/null || apt_install postgresql-client
if ! postgres=$(postgres_url); then
  start_postgres
  wait_for $ready_s "PostgreSQL" is_open "$postgres_port"
  postgres=$(postgres_url) || make_role
  wait_for $ready_s "PostgreSQL as $role" postgres_url >/dev/null
  postgres=$(postgres_url)
fi

# --- Redis --------------------------------------------------------------------------------------

redis_port=6379

redis_answers() {
  local reply
  exec 3<>"/dev/tcp/127.0.0.1/$redis_port" || return 1
  printf 'PING\r\n' >&3
  read -r -t 3 reply <&3 || reply=
  exec 3>&-
  [ "${reply%$'\r'}" = +PONG ]
} 2>/dev/null

# Tests start servers of their own too, to stop and kill them.
command -v redis-server >/dev/null || apt_install redis-server
if ! redis_answers; then
  is_open $redis_port && die "port $redis_port is taken by something that is not an open Redis"
  # The package may have started it.
  if ! is_open $redis_port; then
    say "starting Redis on port $redis_port"
    redis-server --daemonize yes --bind 127.0.0.1 --port $redis_port --save '' --appendonly no \
      --dir "$log" --logfile "$log/redis.log" >/dev/null
  fi
  wait_for $ready_s "Redis on port $redis_port" redis_answers
fi

# --- NATS ---------------------------------------------------------------------------------------

nats_port=4222

# A NATS server speaks first, and says whether it has JetStream.
nats_answers() {
  local info
  exec 3<>"/dev/tcp/127.0.0.1/$nats_port" || return 1
  read -r -t 3 info <&3 || info=
  exec 3>&-
  [[ $info == INFO*'"jetstream":true'* ]]
} 2>/dev/null

if ! nats_answers; then
  command -v nats-server >/dev/null || apt_install nats-server
  if is_open $nats_port && ! nats_answers; then
    # Somebody's NATS without JetStream, or something else: leave it alone and run our own.
    nats_port=4322
  fi
  if ! nats_answers; then
    is_open $nats_port && die "port $nats_port is taken by something without JetStream"
    say "starting NATS with JetStream on port $nats_port"
    nohup nats-server -js -sd "$log/nats" -a 127.0.0.1 -p $nats_port \
      -l "$log/nats.log" >/dev/null 2>&1 </dev/null &
  fi
  wait_for $ready_s "NATS with JetStream on port $nats_port" nats_answers
fi

cat >target/test.env <<ENV
ORCHESTACK_TEST_POSTGRES='$postgres'
ORCHESTACK_TEST_REDIS='redis://127.0.0.1:$redis_port'
ORCHESTACK_TEST_NATS='nats://127.0.0.1:$nats_port'
ENV
say "PostgreSQL, Redis and NATS answer; their addresses are in target/test.env"
