#!/usr/bin/env bash
# Backs up a running server and prints the directory of the copy:
#   ./backup.sh [http://127.0.0.1:8080]
# To go back to it, start a server on it: ./run.sh --Mailbox:Data DIRECTORY
set -euo pipefail

answer=$(curl -sS --fail-with-body -X POST "${1:-http://127.0.0.1:8080}/backups") || { echo "$answer" >&2; exit 1; }
sed -E 's/.*"backup":"([^"]*)".*/\1/' <<<"$answer"
