#!/bin/sh
# A Slurm cluster of this machine alone, in a folder of its own: sh slurm.sh start FOLDER | stop FOLDER.
# It needs root, and Debian's slurm-wlm and munge. Only what it started is stopped.
set -eu
action=$1
folder=$2
name=$(hostname -s)

start() {
    mkdir -p "$folder/state" "$folder/spool" "$folder/munge"
    chown -R munge: "$folder/munge"
    chmod 0755 "$folder" "$folder/munge"
    if [ ! -s /etc/munge/munge.key ]; then
        dd if=/dev/urandom of=/etc/munge/munge.key bs=1024 count=1 2>/dev/null
        chown munge: /etc/munge/munge.key
        chmod 0400 /etc/munge/munge.key
    fi
    cat >"$folder/slurm.conf" <<END
ClusterName=tests
SlurmctldHost=$name
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CryptoType=crypto/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
SlurmctldPort=26817
SlurmdPort=26818
MpiDefault=none
ReturnToService=2
MinJobAge=3600
SlurmctldParameters=idle_on_node_suspend
NodeName=$name NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=4000 State=UNKNOWN
PartitionName=tests Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
    # srun inside a job looks here: a workflow engine clears the SLURM variables of what it submits.
    [ -e /etc/slurm/slurm.conf ] || ln -s "$folder/slurm.conf" /etc/slurm/slurm.conf
    setpriv --reuid=munge --regid=munge --clear-groups munged --force --socket="$folder/munge/socket" \
        --pid-file="$folder/munge/pid" --log-file="$folder/munge/log" --seed-file="$folder/munge/seed"
    export SLURM_CONF="$folder/slurm.conf"
    slurmctld -c
    slurmd -N "$name"
    for _ in $(seq 60); do
        case $(sinfo -h -o %T 2>/dev/null) in idle | mixed | allocated) exit 0 ;; esac
        sleep 1
    done
    echo "the cluster does not start; see $folder/*.log" >&2
    exit 1
}

stop() {
    [ "$(readlink /etc/slurm/slurm.conf)" != "$folder/slurm.conf" ] || rm /etc/slurm/slurm.conf
    for file in "$folder/slurmd.pid" "$folder/slurmctld.pid" "$folder/munge/pid"; do
        [ -s "$file" ] && kill "$(cat "$file")" 2>/dev/null || true
    done
}

case $action in
start) start ;;
stop) stop ;;
esac
