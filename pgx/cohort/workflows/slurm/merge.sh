#!/bin/sh
#SBATCH --job-name=pgx-merge
#SBATCH --output=logs/merge.log
set -eu
. ./config.sh
pgx cohort merge "$OUT" -o "$OUT"
