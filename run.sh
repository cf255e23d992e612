#!/usr/bin/env bash
# Builds the mailbox server and runs it in the foreground: a silo with a gateway in one process. Arguments go to the server:
#   ./run.sh --urls http://127.0.0.1:9090 --Mailbox:Data DIR --Mailbox:Demo false
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

if ! { command -v dotnet && dotnet --list-sdks | grep -q '^10\.'; } >/dev/null 2>&1; then
  echo "The .NET SDK 10 is needed: curl -fsSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0, then add ~/.dotnet to PATH." >&2
  exit 1
fi

host=silo/bin/Release/net10.0/Mailbox.Silo.dll
# The files of the last build, written before it. A start that finds the same files, and none of them newer, builds nothing.
built=$root/silo/obj/run.files
sources() { (cd -- "$root" && find src silo gateway Directory.*.props \( -name obj -o -name bin \) -prune -o -type f "$@" -print | sort); }
is_built() { [[ -f $root/$host && -f $built ]] && sources | cmp -s - "$built" && [[ -z $(sources -newer "$built") ]]; }

if ! is_built; then
  if [[ -f $root/$host ]]; then echo 'Building …' >&2; else echo 'Building, about a minute …' >&2; fi
  mkdir -p "$root/silo/obj"
  sources >"$built.new"
  # What the build says matters only when it fails. The analyzers are for those who change the code: without them it takes half the time.
  if ! build=$(dotnet build "$root/silo" -c Release -v quiet --nologo -p:RunAnalyzers=false 2>&1); then
    printf '%s\n' "$build" >&2
    exit 1
  fi
  mv "$built.new" "$built"
fi

# Defaults go by the environment, so that an argument or the caller's own environment beats them.
export ASPNETCORE_URLS=${ASPNETCORE_URLS:-http://127.0.0.1:8080}
export Mailbox__Data=${Mailbox__Data:-$root/data}
export Mailbox__Demo=${Mailbox__Demo:-true}

# exec: the server gets the signals itself. The working directory stays the caller's, so that relative arguments mean what they say.
exec dotnet "$root/$host" "$@"
