#!/usr/bin/env bash
# Shows that nothing is lost: starts grids of real processes, breaks them by seed, looks for everything that was answered, and writes the
# tables to docs/proof.md.
#   bench/proof.sh [--topology single|journal|cluster] [--faults N] [--only KIND] [--doc FILE] [SEED...]
# Needs root and iptables for cut links, and PostgreSQL's programs (Debian: postgresql) for the cluster.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

topologies=() seeds=() faults=20 only= doc=docs/proof.md
while (($#)); do
  case $1 in
    --topology) topologies+=("$2"); shift 2 ;;
    --faults) faults=$2; shift 2 ;;
    --only) only=$2; shift 2 ;;
    --doc) doc=$2; shift 2 ;;
    *) seeds+=("$1"); shift ;;
  esac
done
((${#topologies[@]})) || topologies=(single journal cluster)
((${#seeds[@]})) || seeds=(1 2 3)

dotnet build tests/Mailbox.Proof -c Release -v quiet --nologo

tables=$(mktemp -d)
trap 'rm -rf "$tables"' EXIT
broken=0
for topology in "${topologies[@]}"; do
  dotnet tests/Mailbox.Proof/bin/Release/net10.0/Mailbox.Proof.dll \
    --topology "$topology" --faults "$faults" --only "$only" --out "$tables/$topology.md" "${seeds[@]}" || broken=1
done

# The page keeps its words up to the line that says where the tables begin.
words=$(sed '/^<!-- tables -->$/q' "$doc")
{
  printf '%s\n' "$words"
  for topology in "${topologies[@]}"; do
    [[ -f $tables/$topology.md ]] || continue
    echo
    cat "$tables/$topology.md"
  done
} >"$tables/page.md"
cp "$tables/page.md" "$doc"
exit "$broken"
