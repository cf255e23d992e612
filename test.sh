#!/usr/bin/env bash
# Installs what the tests need, builds everything once, checks the formatting and runs every test.
# The last line is always: N passed, N failed, N skipped
set -uo pipefail
exec 2>&1
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

solution=Mailbox.Orleans.sln
results=$PWD/artifacts/test-results
# How many test projects run side by side: the longest of them mostly wait.
lanes=${TEST_LANES:-2}
project_limit=${TEST_PROJECT_LIMIT:-20m}
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1

passed=0 failed=0 skipped=0

step() { printf '\n== %s  (%d:%02d)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)); }

finish() {
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
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
  compgen -G '/usr/sbin/php-fpm*' >/dev/null || missing+=(php-fpm)
  perl -MFCGI -e 1 2>/dev/null || missing+=(libfcgi-perl)
  command -v node >/dev/null || missing+=(nodejs)
  command -v npm >/dev/null || missing+=(npm)
  command -v python3 >/dev/null || missing+=(python3)
  ((${#missing[@]})) || return 0

  step "Installing ${missing[*]}"
  # The run level keeps the services of these packages from being started.
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# A project that is not in the solution is built and tested by nobody.
check_solution() {
  local listed found
  listed=$(sed -nE 's/^Project\(.*\) = "[^"]*", "([^"]*\.csproj)".*/\1/p' "$solution" | tr '\\' / | sort)
  found=$(find src tests silo gateway samples bench -name '*.csproj' | sort)
  diff <(echo "$listed") <(echo "$found") || { echo "The projects of $solution (<) are not those of the tree (>)."; return 1; }
}

# A test project is its own runner: it needs no build tool around it. PROJECT@N runs it on a log of N partitions.
run_tests() {
  local project=$1 name=${1%@*} partitions=1 code=0 began=$SECONDS
  [[ $project != *@* ]] || partitions=${project#*@}
  MAILBOX_TEST_PARTITIONS=$partitions timeout --kill-after=20s "$project_limit" \
    dotnet "tests/$name/bin/Release/net10.0/$name.dll" -noLogo -noColor -result-trx "$results/$project.trx" >"$results/$project.log" 2>&1 </dev/null || code=$?
  echo "$code $((SECONDS - began))" >"$results/$project.code"
}

# Runs all of them, the longest first, in $lanes lanes.
run_all() {
  local project
  for project in "$@"; do
    while (($(jobs -rp | wc -l) >= lanes)); do wait -n; done
    run_tests "$project" &
  done
  wait
}

# A run that ended badly without naming a failed test (a crashed or hanging runner, no results) is one failure.
count() {
  local project=$1 trx=$results/$1.trx code seconds total ran ok bad
  read -r code seconds <"$results/$project.code"
  total=$(counter "$trx" total) ran=$(counter "$trx" executed) ok=$(counter "$trx" passed)
  bad=$((ran - ok))
  printf '%-28s %5d passed %3d failed %3d skipped  %d:%02d\n' "$project" "$ok" "$bad" $((total - ran)) $((seconds / 60)) $((seconds % 60))
  if ((code != 0 || total == 0)); then
    tail -n 200 "$results/$project.log"
    echo "The run of $project ended with exit code $code."
    ((bad > 0)) || bad=1
  fi
  passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + total - ran))
}

counter() {
  local value
  value=$(grep -os '<Counters [^>]*' "$1" | sed -nE "s/.* $2=\"([0-9]+)\".*/\1/p")
  echo "${value:-0}"
}

# The first command of the README, twice: the second start finds nothing to build. Any port: the address is on the last line.
test_run() {
  local log=$results/run.log data pid start
  data=$(mktemp -d)
  for start in first second; do
    ./run.sh --urls http://127.0.0.1:0 --Mailbox:Data "$data" >"$log" 2>&1 </dev/null &
    pid=$!
    # It opens, or it ends.
    until grep -q 'Open http' "$log" || ! kill -0 "$pid" 2>/dev/null; do sleep 1; done
    if curl -fs "$(sed -nE 's/.*Open (http.*)/\1/p' "$log")/readyz" >/dev/null && { [[ $start == first ]] || ! grep -q Building "$log"; }; then
      passed=$((passed + 1))
    else
      echo "The $start start by ./run.sh failed:"
      cat "$log"
      failed=$((failed + 1))
    fi
    kill "$pid" 2>/dev/null
    wait "$pid"
  done
  rm -rf "$data"
}

# The browser client: built from its sources, and tested under Node. In a browser it is tested by Mailbox.Browser.Tests, as the gateway serves it.
test_client() {
  local log=$results/client.tap code=0 ok bad
  (cd client && npm run --silent build -- --check && timeout --kill-after=20s "$project_limit" npm test --silent) >"$log" 2>&1 || code=$?
  grep -E '^(not ok|# (pass|fail|cancelled))|Error' "$log"
  ok=$(sed -nE 's/^# pass ([0-9]+)$/\1/p' "$log") bad=$(awk '/^# (fail|cancelled) / { sum += $3 } END { print sum + 0 }' "$log")
  ((code == 0)) || ((bad > 0)) || bad=1
  passed=$((passed + ${ok:-0})) failed=$((failed + bad))
}

command -v dotnet >/dev/null || { echo 'The .NET SDK 10 is needed: https://dot.net/download'; failed=1; finish; }
rm -rf "$results"
mkdir -p "$results"
need install_tools
need check_solution
step 'Restoring'
need again dotnet restore "$solution" -v quiet --locked-mode
need again npm ci --prefix client --ignore-scripts --no-audit --no-fund --loglevel error
step 'Building'
# One compiler for all projects, which need not be started for each.
need dotnet build "$solution" -c Release --no-restore -v quiet --nologo -warnaserror -p:UseSharedCompilation=true
step 'Checking the format'
# The rules of style are checked by the build; what is left is white space and the order of imports.
want dotnet format whitespace . --folder --verify-no-changes
step 'Testing'
# The longest first; a project that is not named here comes last.
longest=(Grains Browser Gateway Clustering Storage)
mapfile -t projects < <({ printf 'tests/Mailbox.%s.Tests\n' "${longest[@]}"; ls -d tests/*.Tests; } | awk '!seen[$0]++ { sub("tests/", ""); print }')
# A process has one partition, a cluster has many: the rules hold on both.
projects+=(Mailbox.Engine.Tests@8)
# The proof kills and freezes processes and gives them a time to come back: it has the machine to itself.
run_all $(printf '%s\n' "${projects[@]}" | grep -v '^Mailbox\.Proof\.')
run_all Mailbox.Proof.Tests
for project in "${projects[@]}"; do count "$project"; done
step 'Testing the client'
test_client
step 'Testing run.sh'
test_run
step 'Done'
finish
