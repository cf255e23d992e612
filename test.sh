#!/usr/bin/env bash
# Builds everything once, checks the formatting and runs every test. The last line is always: N passed, N failed, N skipped
set -uo pipefail
exec 2>&1
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

solution=Mailbox.Orleans.sln
filter=Mailbox.Standalone.slnf
results=$PWD/artifacts/test-results
project_limit=${TEST_PROJECT_LIMIT:-15m}
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1

passed=0 failed=0 skipped=0
not_run=()

step() { printf '\n== %s\n' "$*"; }

finish() {
  if ((${#not_run[@]})); then
    printf '\n!! NOT RUN:\n'
    printf '!!   %s\n' "${not_run[@]}"
  fi
  echo "$passed passed, $failed failed, $skipped skipped"
  # A run in which nothing passed has shown nothing.
  ((failed == 0 && passed > 0))
  exit
}

# A step that fails ends the run, and is a failure of the run.
need() { "$@" || { printf '\nFailed: %s\n' "$*"; failed=$((failed + 1)); finish; }; }

# A step that fails is a failure of the run, and the rest is done all the same.
want() { "$@" || { printf '\nFailed: %s\n' "$*"; failed=$((failed + 1)); }; }

again() { "$@" || { echo 'Once more.'; "$@"; }; }

install_tools() {
  local missing=()
  command -v chromium >/dev/null || missing+=(chromium)
  command -v ip >/dev/null || missing+=(iproute2)
  command -v iptables >/dev/null || missing+=(iptables)
  command -v curl >/dev/null || missing+=(curl)
  command -v nginx >/dev/null || missing+=(nginx)
  command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
  compgen -G '/usr/sbin/php-fpm*' >/dev/null || missing+=(php-fpm)
  perl -MFCGI -e 1 2>/dev/null || missing+=(libfcgi-perl)
  command -v node >/dev/null || missing+=(nodejs)
  command -v python3 >/dev/null || missing+=(python3)
  ((${#missing[@]})) || return 0

  step "Installing ${missing[*]}"
  if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
    not_run+=("what needs ${missing[*]}: missing, and only root on Debian can install them here")
  elif ! apt_install "${missing[@]}"; then
    not_run+=("what needs ${missing[*]}: apt-get could not install them")
  fi
}

apt_install() {
  # The run level keeps the services of these packages from being started.
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
  local log
  log=$(apt-get update -qq 2>&1 && apt-get install -y -qq --no-install-recommends "$@" 2>&1) || { tail -n 5 <<<"$log"; return 1; }
}

in_solution() { sed -nE 's/^Project\(.*\) = "[^"]*", "([^"]*\.csproj)".*/\1/p' "$solution" | tr '\\' / | sort; }

in_filter() { sed -nE 's/^ *"([^"]*\.csproj)",?.*/\1/p' "$filter" | sed 's/\\\\/\//g' | sort; }

in_tree() { find src tests standalone silo gateway samples bench -name '*.csproj' 2>/dev/null | sort; }

# A project that nobody builds here would go on unnoticed.
check_solution() {
  local project
  for project in $(comm -13 <(in_solution) <(in_tree)); do
    not_run+=("$project: it is not in $solution (dotnet sln $solution add $project, and a line in $filter)")
    failed=$((failed + 1))
  done
}

# Projects outside the filter need packages that not every feed has: what cannot be restored is named, not failed.
beyond_filter() {
  local project
  for project in $(comm -23 <(in_solution) <(in_filter)); do
    step "Beyond the filter: $project"
    need test -f "$project"
    if dotnet restore "$project" -v quiet >/dev/null 2>&1; then
      need dotnet build "$project" -c Release --no-restore -v quiet -warnaserror
      is_test "$project" && run_tests "$project"
    else
      not_run+=("$project: its packages cannot be restored from the configured feed")
    fi
  done
}

is_test() { [[ $1 == tests/*Tests.csproj ]]; }

run_tests() {
  local project=$1 name code=0
  name=$(basename "$project" .csproj)
  step "$name"
  timeout --kill-after=20s "$project_limit" \
    dotnet test "$project" -c Release --no-build --nologo -v quiet \
    --logger "trx;LogFileName=$name.trx" --logger 'console;verbosity=minimal' --results-directory "$results" || code=$?
  count "$results/$name.trx" "$code"
}

# A run that ended badly without naming a failed test (a crashed or hanging test host, no results) is one failure.
count() {
  local trx=$1 code=$2 total ran ok bad crashed=0
  total=$(counter "$trx" total) ran=$(counter "$trx" executed) ok=$(counter "$trx" passed)
  bad=$((ran - ok))
  grep -qs 'active test run was aborted' "$trx" && crashed=1
  ((code == 0 && total > 0)) || ((bad + crashed > 0)) || crashed=1
  if ((crashed)); then echo "The run of $(basename "$trx" .trx) ended badly (exit code $code, $total results)."; fi
  passed=$((passed + ok)) failed=$((failed + bad + crashed)) skipped=$((skipped + total - ran))
}

counter() {
  local value
  value=$(grep -os '<Counters [^>]*' "$1" | sed -nE "s/.* $2=\"([0-9]+)\".*/\1/p")
  echo "${value:-0}"
}

# The browser client: built from its sources, and tested under Node. In a browser it is tested by Mailbox.Browser.Tests, as the gateway serves it.
test_client() {
  step 'client'
  local log=$results/client.tap code=0
  mkdir -p "$results"
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    not_run+=('client: node and npm are missing')
  elif ! (cd client && npm ci --ignore-scripts --no-audit --no-fund --loglevel error); then
    not_run+=('client: npm cannot install what builds it')
  else
    (cd client && npm run --silent build -- --check && timeout --kill-after=20s "$project_limit" npm test --silent) >"$log" 2>&1 || code=$?
    grep -E '^(not ok|# (pass|fail|cancelled))|Error' "$log"
    count_tap "$log" "$code"
  fi
}

count_tap() {
  local log=$1 code=$2 ok bad
  ok=$(sed -nE 's/^# pass ([0-9]+)$/\1/p' "$log") bad=$(awk '/^# (fail|cancelled) / { sum += $3 } END { print sum + 0 }' "$log")
  ((code == 0)) || ((bad > 0)) || bad=1
  passed=$((passed + ${ok:-0})) failed=$((failed + bad))
}

command -v dotnet >/dev/null || { echo 'The .NET SDK 10 is needed: https://dot.net/download'; failed=1; finish; }
rm -rf "$results"
install_tools
check_solution
step 'Restoring'
need again dotnet restore "$filter" -v quiet
step 'Building'
need dotnet build "$filter" -c Release --no-restore -v quiet -warnaserror
step 'Checking the format'
want dotnet format "$filter" --verify-no-changes --no-restore
for project in $(in_filter); do
  if is_test "$project"; then run_tests "$project"; fi
done
beyond_filter
test_client
finish
