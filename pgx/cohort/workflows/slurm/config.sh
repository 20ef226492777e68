# What the jobs are to do, and with how much.
SHEET=people.csv
OUT=cohort
SHARDS=10
CPUS=2
MEMORY=3G
HOURS=2
OPTIONS=""
