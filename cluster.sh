#!/usr/bin/env bash
# A cluster on this machine, every process on loopback: PostgreSQL, three silos, two gateways and a balancer before the gateways.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
state=${MAILBOX_CLUSTER_DATA:-$root/cluster-data}
balancer=${MAILBOX_CLUSTER_PORT:-8080}
base=${MAILBOX_CLUSTER_BASE:-8100}
patience=${MAILBOX_CLUSTER_PATIENCE:-90}

usage() {
  cat <<END
./cluster.sh up              starts what does not run, waits until all of it is ready, and prints where it is
./cluster.sh status          lists each process: role, pid, port, whether it is alive and ready; fails unless all are
./cluster.sh down [--clean]  stops everything; the data stays, unless --clean

Environment, the same for each of the three:
  MAILBOX_CLUSTER_DATA      the directory of the database, the logs and the process ids   ($root/cluster-data)
  MAILBOX_CLUSTER_PORT      where readers and backends connect                            (8080)
  MAILBOX_CLUSTER_BASE      the database has this port; +1 to +3 silos, +11 and +12 gateways, over HTTP;
                            +21 to +25 silos and gateways among themselves; +31 to +33 .NET backends     (8100)
  MAILBOX_CLUSTER_PATIENCE  for how many seconds 'up' waits for each                      (90)
  MAILBOX_CLUSTER_ARGS      more arguments for silos and gateways, such as --Mailbox:Drain 00:00:05
END
}

fail() { echo "cluster.sh: $*" >&2; exit 1; }

processes=(postgres silo-1 silo-2 silo-3 gateway-1 gateway-2 balancer)

port_of() {
  case $1 in
    postgres) echo "$base" ;;
    silo-*) echo $((base + ${1#silo-})) ;;
    gateway-*) echo $((base + 10 + ${1#gateway-})) ;;
    balancer) echo "$balancer" ;;
  esac
}

# --- processes: a file NAME.pid with the pid and when it started, as the kernel counts, so that a pid that is used again is not taken for ours

started_at() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

remember() { echo "$2 $(started_at "$2")" >"$state/$1.pid"; }

pid_of() {
  local pid started
  read -r pid started 2>/dev/null <"$state/$1.pid" || return 1
  [[ -n $started && $(started_at "$pid") == "$started" && $(state_of "$pid") != Z ]] && echo "$pid"
}

state_of() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f1; }

launch() {
  local name=$1
  shift
  setsid "$@" >>"$state/$name.log" 2>&1 </dev/null &
  remember "$name" $!
}

is_ready() {
  pid_of "$1" >/dev/null || return 1
  case $1 in
    postgres) as_postgres "$(postgres_program pg_isready)" -q -U mailbox -d postgres -h 127.0.0.1 -p "$base" ;;
    *) curl -sf -o /dev/null -m 2 "http://127.0.0.1:$(port_of "$1")/readyz" ;;
  esac
}

await() {
  local name=$1 deadline=$((SECONDS + patience))
  until is_ready "$name"; do
    pid_of "$name" >/dev/null || fail "$name ended; the end of $state/$name.log: $(tail -n 3 "$state/$name.log")"
    ((SECONDS < deadline)) || fail "$name is not ready after $patience s: see $state/$name.log"
    sleep 0.2
  done
}

check_port() {
  if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then fail "port $1 is in use by another process; see './cluster.sh help' for how to choose others"; fi
}

# --- the database: its server refuses to run as root

postgres_program() {
  local directory
  for directory in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) $(tr : ' ' <<<"$PATH"); do
    if [[ -x $directory/initdb && -x $directory/$1 ]]; then echo "$directory/$1"; return; fi
  done
  return 1
}

as_postgres() {
  if ((EUID)); then "$@"; else (cd / && exec setpriv --reuid=postgres --regid=postgres --clear-groups "$@"); fi
}

# Beside the rest, or where the database's user can go.
database_directory() {
  if as_postgres test -x "$state"; then echo "$state/postgres"; else echo "/var/tmp/mailbox-cluster-$(cksum <<<"$state" | cut -d' ' -f1)"; fi
}

start_postgres() {
  local data
  data=$(database_directory)
  if [[ ! -f $data/PG_VERSION ]]; then
    mkdir -p "$data"
    ((EUID)) || chown postgres "$data"
    chmod 700 "$data"
    as_postgres "$(postgres_program initdb)" -D "$data" -A trust -U mailbox -E UTF8 >>"$state/postgres.log" 2>&1 || fail "initdb failed: see $state/postgres.log"
  fi
  check_port "$base"
  # The next refuses to start while the number of a killed one is taken: until its end is noted by its parent, which may be never.
  local before
  if read -r before 2>/dev/null <"$data/postmaster.pid" && [[ $(state_of "$before") == Z ]]; then rm "$data/postmaster.pid"; fi
  local server=("$(postgres_program postgres)" -D "$data" -p "$base" -k '' -c listen_addresses=127.0.0.1 -c max_connections=200)
  ((EUID)) || server=(setpriv --reuid=postgres --regid=postgres --clear-groups "${server[@]}")
  launch postgres "${server[@]}"
}

# --- silos and gateways

start_node() {
  local name=$1 number=${1##*-} dll client=0 own
  case $name in
    silo-*) dll=silo/bin/Release/net10.0/Mailbox.Silo.dll own=$((base + 20 + number)) client=$((base + 30 + number)) ;;
    *) dll=gateway/bin/Release/net10.0/Mailbox.GatewayHost.dll own=$((base + 23 + number)) ;;
  esac
  check_port "$(port_of "$name")"
  # shellcheck disable=SC2086
  launch "$name" dotnet "$root/$dll" --urls "http://127.0.0.1:$(port_of "$name")" \
    --Mailbox:Cluster:Database "Host=127.0.0.1;Port=$base;Username=mailbox;Database=postgres" \
    --Mailbox:Cluster:SiloPort "$own" --Mailbox:Cluster:ClientPort "$client" ${MAILBOX_CLUSTER_ARGS:-}
}

# --- the balancer: any gateway for any request, no stickiness; one that does not answer is passed over at once

start_balancer() {
  check_port "$balancer"
  mkdir -p "$state/balancer"
  cat >"$state/balancer/nginx.conf" <<END
daemon off;
# One process: one pid to end, and nothing of it goes on when it is killed.
master_process off;
pid $state/balancer/nginx.pid;
error_log stderr warn;
worker_rlimit_nofile 65536;
$( ((EUID)) || echo 'user root;')
events { worker_connections 30000; }
http {
  access_log off;
  server_tokens off;
  client_body_temp_path $state/balancer/body;
  proxy_temp_path $state/balancer/proxy;
  fastcgi_temp_path $state/balancer/fastcgi;
  uwsgi_temp_path $state/balancer/uwsgi;
  scgi_temp_path $state/balancer/scgi;
  upstream gateways {
    server 127.0.0.1:$(port_of gateway-1) max_fails=1 fail_timeout=1s;
    server 127.0.0.1:$(port_of gateway-2) max_fails=1 fail_timeout=1s;
    keepalive 64;
  }
  map \$http_upgrade \$connection_header { default upgrade; '' ''; }
  server {
    listen 127.0.0.1:$balancer backlog=4096;
    client_max_body_size 0;
    location / {
      proxy_pass http://gateways;
      proxy_http_version 1.1;
      proxy_set_header Host \$http_host;
      proxy_set_header Upgrade \$http_upgrade;
      proxy_set_header Connection \$connection_header;
      proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;
      # A held response goes out as it comes, for as long as it lasts; the gateway's heartbeats tell the living from the dead.
      proxy_buffering off;
      proxy_read_timeout 1h;
      proxy_send_timeout 1h;
      proxy_connect_timeout 1s;
    }
  }
}
END
  launch balancer nginx -c "$state/balancer/nginx.conf" -e stderr -p "$state/balancer"
}

# --- commands

install_missing() {
  local missing=()
  postgres_program postgres >/dev/null || missing+=(postgresql)
  command -v nginx >/dev/null || missing+=(nginx)
  command -v curl >/dev/null || missing+=(curl)
  ((${#missing[@]})) || return 0
  ((EUID == 0)) && command -v apt-get >/dev/null || fail "needed and not here: ${missing[*]}; as root on Debian this would install them"
  echo "Installing ${missing[*]}"
  local log
  # The run level keeps the services of these packages from being started.
  log=$(export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1; apt-get update -qq 2>&1 && apt-get install -y -qq --no-install-recommends "${missing[@]}" 2>&1) || fail "apt-get: $(tail -n 3 <<<"$log")"
}

build() {
  command -v dotnet >/dev/null || fail 'the .NET SDK 10 is needed: https://dot.net/download'
  local project said
  for project in silo gateway; do
    dotnet restore "$root/$project" -v quiet --nologo >/dev/null 2>&1 || fail "the configured package feed has no Orleans, and a cluster needs it; ./run.sh starts without"
    said=$(dotnet build "$root/$project" -c Release --no-restore -v quiet --nologo 2>&1) || fail "$project does not build: $said"
  done
}

start() {
  case $1 in
    postgres) start_postgres ;;
    balancer) start_balancer ;;
    *) start_node "$1" ;;
  esac
}

missing() {
  local name
  for name in "${processes[@]}"; do pid_of "$name" >/dev/null || echo "$name"; done
}

up() {
  mkdir -p "$state"
  local names name
  names=$(missing)
  if [[ -n $names ]]; then
    install_missing
    # What runs keeps its files; a program that is replaced under it would fail at the first part that it has not loaded yet.
    if [[ $(grep -cE '^(silo|gateway)' <<<"$names") == 5 || ! -f $root/gateway/bin/Release/net10.0/Mailbox.GatewayHost.dll ]]; then build; fi
    for name in $names; do
      start "$name"
      [[ $name != postgres ]] || await postgres
    done
  fi
  for name in "${processes[@]}"; do await "$name"; done
  # What was ready a moment ago may have missed what was started since.
  local said deadline=$((SECONDS + patience))
  until said=$(status); do
    ((SECONDS < deadline)) || fail "not all of it stays ready:"$'\n'"$said"
    sleep 0.2
  done
  echo "$said"
  echo "http://127.0.0.1:$balancer"
}

status() {
  local name pid ready all=0
  printf '%-10s %8s %6s %6s %6s\n' role pid port alive ready
  for name in "${processes[@]}"; do
    pid=$(pid_of "$name") || pid=-
    if is_ready "$name"; then ready=yes; else ready=no all=1; fi
    printf '%-10s %8s %6s %6s %6s\n' "$name" "$pid" "$(port_of "$name")" "$([[ $pid == - ]] && echo no || echo yes)" "$ready"
  done
  return $all
}

# Together, and each is waited for: held connections are drained, and each leaves the cluster.
stop() {
  local signal=$1 name pid deadline=$((SECONDS + patience))
  shift
  for name in "$@"; do if pid=$(pid_of "$name"); then kill -s "$signal" "$pid"; fi; done
  for name in "$@"; do
    while pid=$(pid_of "$name"); do
      if ((SECONDS >= deadline)); then
        echo "cluster.sh: $name (pid $pid) does not end and is killed" >&2
        kill -s KILL "$pid"
      fi
      sleep 0.1
    done
    rm -f "$state/$name.pid"
  done
}

down() {
  [[ $# == 0 || $1 == --clean ]] || { usage >&2; exit 2; }
  if [[ ! -d $state ]]; then echo "Nothing runs: there is no $state"; return; fi
  stop TERM gateway-1 gateway-2
  stop TERM balancer silo-1 silo-2 silo-3
  stop INT postgres
  if [[ ${1:-} == --clean ]]; then rm -rf "$(database_directory)" "$state"; fi
}

case ${1:-help} in
  up | status | down) "$@" ;;
  help | -h | --help) usage ;;
  *) usage >&2; exit 2 ;;
esac
