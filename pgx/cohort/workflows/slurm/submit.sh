#!/bin/sh
# Submits a cohort to Slurm: an array of shards, and a job that merges them once all are done.
# A task that was lost is submitted again alone (`sbatch --array=3 shard.sh`) and goes on where it stopped.
set -eu
. ./config.sh
mkdir -p logs
shards=$(sbatch --parsable --array="1-$SHARDS" --cpus-per-task="$CPUS" --mem="$MEMORY" --time="$HOURS:00:00" shard.sh)
sbatch --dependency="afterok:$shards" --time=1:00:00 --mem=2G merge.sh
