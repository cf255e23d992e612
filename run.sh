#!/usr/bin/env bash
# Builds the mailbox server and runs it in the foreground: a silo with a gateway in one process or, where Orleans cannot be restored, the
# same without a cluster's runtime. Arguments go to the server:
#   ./run.sh --urls http://127.0.0.1:9090 --Mailbox:Data DIR --Mailbox:Demo false
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

if ! { command -v dotnet && dotnet --list-sdks | grep -q '^10\.'; } >/dev/null 2>&1; then
  echo "The .NET SDK 10 is needed: curl -fsSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0, then add ~/.dotnet to PATH." >&2
  exit 1
fi

# One start after another may find nothing to do; what the build says matters only when it fails.
host=silo/bin/Release/net10.0/Mailbox.Silo.dll
restore=--no-restore
if ! dotnet restore "$root/silo" -v quiet --nologo >/dev/null 2>&1; then
  echo 'The configured package feed has no Orleans: starting without it, as one process that no other can join.' >&2
  host=standalone/bin/Release/net10.0/Mailbox.Standalone.dll
  restore=
fi
if ! build=$(dotnet build "$root/${host%%/*}" -c Release -v quiet --nologo $restore 2>&1); then
  printf '%s\n' "$build" >&2
  exit 1
fi

# Defaults go by the environment, so that an argument or the caller's own environment beats them.
export ASPNETCORE_URLS=${ASPNETCORE_URLS:-http://127.0.0.1:8080}
export Mailbox__Data=${Mailbox__Data:-$root/data}
export Mailbox__Demo=${Mailbox__Demo:-true}

# exec: the server gets the signals itself. The working directory stays the caller's, so that relative arguments mean what they say.
exec dotnet "$root/$host" "$@"
