#!/usr/bin/env bash
# A Slurm of three nodes on this machine, in a folder of its own, within two seconds: without systemd and without control groups.
# Each node is a slurmd in process and host name spaces of its own, so that ending its tree is a power cut. Needs root, and
# Debian's slurm-wlm and munge.
#
#   cluster.sh start FOLDER       starts it; FOLDER/slurm.conf is what SLURM_CONF has to name. FOLDER/extra.conf is included, if there
#   cluster.sh cut FOLDER NODE    power cut: every process of the node is gone at once
#   cluster.sh boot FOLDER NODE   starts the node again
#   cluster.sh stop FOLDER        ends it all
#   cluster.sh missing            what keeps it from running here; says nothing where all is there
set -euo pipefail

nodes=(node1 node2 node3)
firstPort=${SLURM_TEST_PORT:-16817}

missing() {
  local name
  [ "$(uname)" = Linux ] || { echo "Slurm's nodes need Linux"; return; }
  [ "$(id -u)" = 0 ] || { echo 'needs root'; return; }
  for name in munged slurmctld slurmd sbatch unshare; do
    command -v "$name" > /dev/null || { echo "$name is missing: apt-get install slurm-wlm munge"; return; }
  done
  unshare --uts --pid --fork --mount-proc --kill-child=KILL true 2> /dev/null || echo 'unshare may not make name spaces here'
}

# Until a command succeeds, 20 s at most.
await() {
  local i
  for ((i = 0; i < 200; i++)); do "$@" > /dev/null 2>&1 && return; sleep 0.1; done
  echo "did not come: $*" >&2
  tail -n 5 "$folder"/*.log >&2
  return 1
}

configure() {
  mkdir -p "$folder/state" "$folder/spool"
  dd if=/dev/urandom of="$folder/munge.key" bs=128 count=1 status=none
  chmod 600 "$folder/munge.key"
  cat > "$folder/gres.conf" << CONF
Name=gpu File=/dev/tty[1-2]
CONF
  cat > "$folder/slurm.conf" << CONF
ClusterName=test
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmctldPort=$firstPort
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# A job that is requeued waits until its credential has expired: two minutes, unless told.
AuthInfo=socket=$folder/munge.socket,cred_expire=10
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool/%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/%n.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
GresTypes=gpu
ReturnToService=2
# A node that says nothing for so many seconds is down, and what ran there is requeued.
SlurmdTimeout=6
KillWait=5
MinJobAge=300
JobRequeue=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerParameters=sched_interval=1,sched_min_interval=100000,batch_sched_delay=0,defer_batch=0,bf_interval=1,bf_continue,preempt_reorder_count=1
PriorityType=priority/basic
Include $folder/extra.conf
CONF
  [ -s "$folder/extra.conf" ] || echo "# Nothing." > "$folder/extra.conf"
  local i=0 node
  for node in "${nodes[@]}"; do
    i=$((i + 1))
    echo "NodeName=$node NodeHostname=$node NodeAddr=127.0.0.1 Port=$((firstPort + i)) CPUs=2 RealMemory=2000 Gres=gpu:2" >> "$folder/slurm.conf"
  done
  cat >> "$folder/slurm.conf" << CONF
PartitionName=main Nodes=ALL Default=YES MaxTime=60 PriorityTier=1 OverSubscribe=NO
PartitionName=urgent Nodes=ALL MaxTime=60 PriorityTier=10 PreemptMode=OFF
CONF
}

# The first process of the name space buries what others leave behind, which slurmd does not: Slurm would wait for it and drain the node.
boot() {
  local node=$1
  : > "$folder/$node.log"
  setsid unshare --uts --pid --fork --mount-proc --kill-child=KILL \
    bash -c 'hostname "$0" && { slurmd -D -N "$0" -f "$1" & wait; }' "$node" "$folder/slurm.conf" < /dev/null > "$folder/$node.out" 2>&1 &
  echo $! > "$folder/$node.unshare"
}

end() {
  local pid
  [ -f "$1" ] || return 0
  pid=$(cat "$1")
  rm -f "$1"
  kill -"$2" "$pid" 2> /dev/null || return 0
  while kill -0 "$pid" 2> /dev/null; do sleep 0.05; done
}

case ${1:-} in
  missing) missing ;;
  start)
    folder=$(realpath -m "$2")
    mkdir -p "$folder"
    configure
    munged --foreground --force --socket "$folder/munge.socket" --key-file "$folder/munge.key" --pid-file "$folder/munged.pidfile" \
      --log-file "$folder/munged.log" --seed-file "$folder/munge.seed" < /dev/null > "$folder/munged.out" 2>&1 &
    echo $! > "$folder/munged.pid"
    await test -S "$folder/munge.socket"
    export SLURM_CONF=$folder/slurm.conf
    slurmctld -D -f "$SLURM_CONF" < /dev/null > "$folder/slurmctld.out" 2>&1 &
    echo $! > "$folder/slurmctld.process"
    for node in "${nodes[@]}"; do boot "$node"; done
    await bash -c '[ "$(sinfo -h -N -p main -t idle -o %n | wc -l)" = 3 ]'
    ;;
  cut)
    folder=$(realpath -m "$2")
    end "$folder/$3.unshare" KILL
    ;;
  boot)
    folder=$(realpath -m "$2")
    boot "$3"
    ;;
  stop)
    folder=$(realpath -m "$2")
    for node in "${nodes[@]}"; do end "$folder/$node.unshare" KILL; done
    end "$folder/slurmctld.process" TERM
    end "$folder/munged.pid" TERM
    ;;
  *) sed -n '2,11s/^# \?//p' "$0" >&2; exit 2 ;;
esac
