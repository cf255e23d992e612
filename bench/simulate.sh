#!/usr/bin/env bash
# Runs histories of the simulator (docs/found.md): bench/simulate.sh FIRST COUNT. Names every seed that breaks a rule.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet build -c Release -v quiet --nologo tests/Mailbox.Simulation.Tests/Mailbox.Simulation.Tests.csproj
MAILBOX_SIMULATION_FIRST=${1:-1} MAILBOX_SIMULATION_COUNT=${2:-10000} \
  dotnet tests/Mailbox.Simulation.Tests/bin/Release/net10.0/Mailbox.Simulation.Tests.dll -noLogo -noColor -method '*A_history_breaks_no_rule'
