#!/bin/sh
#SBATCH --job-name=pgx-shard
#SBATCH --output=logs/shard-%a.log
#SBATCH --open-mode=append
#SBATCH --requeue
set -eu
. ./config.sh
code=0
# All shards work in one folder, each on its own blocks. Exit code 4: done, and failures.tsv names whose results were lost.
pgx cohort run --sheet "$SHEET" -o "$OUT" --shard "$SLURM_ARRAY_TASK_ID/$SHARDS" \
    --threads "${SLURM_CPUS_PER_TASK:-$CPUS}" --log-file "logs/shard-$SLURM_ARRAY_TASK_ID.jsonl" $OPTIONS || code=$?
[ "$code" -eq 4 ] || exit "$code"
