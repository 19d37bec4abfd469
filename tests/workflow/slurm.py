"""A SLURM cluster of two nodes, each with a stand-in for a GPU, on this machine's loopback."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.workflow.conftest import wait_for

CONFIGURATION = Path("/etc/slurm")  # `srun` within a job looks nowhere else
MARK = "# Written by a test; it may be deleted.\n"
NODES = ("node1", "node2")
DAEMONS = ("munged", "mariadbd", "slurmdbd", "slurmctld", "slurmd")
"""In the order in which they start; nodes after all others."""

SLURM_CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={slurmctld}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
SlurmUser=root
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
SlurmdSpoolDir={folder}/spool-%n
StateSaveLocation={folder}/state
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={slurmdbd}
AccountingStoragePass={folder}/munge.socket
AccountingStoreFlags=job_comment
AccountingStorageTRES=gres/gpu
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobCompType=jobcomp/none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=1,sched_min_interval=100000
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
GresTypes=gpu
ReturnToService=2
MinJobAge=2
SlurmdTimeout=5
KillWait=2
CompleteWait=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName=DEFAULT CPUs=2 RealMemory=20000 Gres=gpu:1 State=UNKNOWN
NodeName=node1 NodeHostname={host} NodeAddr=127.0.0.1 Port={node1}
NodeName=node2 NodeHostname={host} NodeAddr=127.0.0.1 Port={node2}
PartitionName=gpu Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=2 PreemptMode=OFF
"""

GRES_CONF = """
NodeName=node1 Name=gpu File={folder}/gpu1 Flags=no_gpu_env
NodeName=node2 Name=gpu File={folder}/gpu2 Flags=no_gpu_env
"""

SLURMDBD_CONF = """
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort={slurmdbd}
SlurmUser=root
PidFile={folder}/slurmdbd.pid
LogFile={folder}/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={mariadbd}
StorageUser=root
StorageLoc=test
CommitDelay=1
"""


def missing() -> str:
    """Why no SLURM can be started here, or nothing."""
    absent = [name for name in DAEMONS if shutil.which(name) is None]
    if absent:
        packages = "Debian's slurm-wlm, slurmdbd, mariadb-server-core and munge"
        return f"{', '.join(absent)} not installed ({packages})"
    if os.geteuid() != 0:
        return "slurmd must be started by root"
    for file in FILES:
        written = CONFIGURATION / file
        if written.exists() and not written.read_text().startswith(MARK):
            return f"{written} belongs to a SLURM of this machine's own"
    return ""


FILES = {"slurm.conf": SLURM_CONF, "gres.conf": GRES_CONF, "slurmdbd.conf": SLURMDBD_CONF}


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@dataclass
class Cluster:
    """The running daemons, and what an administrator does with them."""

    folder: Path
    daemons: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *command: str) -> None:
        """Starts a daemon in the foreground, as a child of the tests."""
        with open(self.folder / f"{name}.out", "ab") as output:
            self.daemons[name] = subprocess.Popen(
                command, stdout=output, stderr=output, start_new_session=True
            )

    def stop(self, name: str, number: int = signal.SIGTERM) -> None:
        """Stops a daemon."""
        daemon = self.daemons.pop(name)
        daemon.send_signal(number)
        daemon.wait(30)

    def cut_power(self, node: str, job: str) -> None:
        """Kills the node's slurmd, all processes of its job and what watches over them."""
        self.stop(node, signal.SIGKILL)
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it ended meanwhile
                watches = (process / "comm").read_text() == "slurmstepd\n"
                variables = (process / "environ").read_bytes().split(b"\0")
                if watches or f"SLURM_JOB_ID={job}".encode() in variables:
                    os.kill(int(process.name), signal.SIGKILL)

    def start_node(self, node: str) -> None:
        """Starts a node's slurmd and waits until it takes jobs."""
        self.start(node, "slurmd", "-D", "-N", node)
        wait_for(lambda: self.state(node) in ("idle", "mixed", "allocated"), "a node comes up")

    def state(self, node: str) -> str:
        """A node's state."""
        command = ("sinfo", "--noheader", "--nodes", node, "--format=%T", "--partition=gpu")
        return self.run(*command, fails=None).strip()

    def accounts(self, *columns: str, job: str = "") -> list[list[str]]:
        """Columns, as in "State", of all jobs in the database, or of the attempts of one."""
        options = ("--noheader", "--allocations", "--parsable2", "--format", ",".join(columns))
        which = ("--duplicates", "--jobs", job) if job else ("--starttime", "now-1days")
        lines = self.run("sacct", *options, *which).splitlines()
        return [line.split("|") for line in lines]

    def jobs(self, states: str = "RUNNING") -> list[str]:
        """The numbers of jobs in some states."""
        return self.run("squeue", "--noheader", "--format=%A", f"--states={states}").split()

    def run(self, *command: str, fails: bool | None = False) -> str:
        """What one of SLURM's commands prints."""
        done = subprocess.run(
            command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60
        )
        assert fails is None or (done.returncode != 0) == fails, done.stdout
        return done.stdout


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Starts all daemons with what they write in `folder`; stops them again."""
    for name in ("gpu1", "gpu2"):
        (folder / name).touch()
    for name in ("spool-node1", "spool-node2", "state", "database"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(128))
    names = ("mariadbd", "slurmdbd", "slurmctld", *NODES)
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    host = socket.gethostname().split(".")[0]
    CONFIGURATION.mkdir(exist_ok=True)
    for name, text in FILES.items():
        (CONFIGURATION / name).touch(mode=0o600)
        (CONFIGURATION / name).write_text(MARK + text.format(folder=folder, host=host, **ports))
    made = Cluster(folder)
    try:
        names = ("socket", "key-file", "log-file", "pid-file", "seed-file")
        suffixes = ("socket", "key", "log", "pid", "seed")
        options = [f"--{n}={folder}/munge.{s}" for n, s in zip(names, suffixes, strict=True)]
        made.start("munged", "munged", "--foreground", "--force", *options)
        wait_for((folder / "munge.socket").exists, "munged starts")
        start_accounting(made, ports["mariadbd"])
        made.start("slurmctld", "slurmctld", "-D", "-c")
        wait_for(lambda: "UP" in made.run("scontrol", "ping", fails=None), "slurmctld starts")
        for node in NODES:
            made.start_node(node)
        yield made
    finally:
        if "slurmctld" in made.daemons:
            made.run("scancel", "--user=root", "--signal=KILL", fails=None)
            made.run("scancel", "--user=root", fails=None)
        for name in reversed(list(made.daemons)):
            made.stop(name)
        for name in FILES:
            (CONFIGURATION / name).unlink(missing_ok=True)


def start_accounting(cluster: Cluster, port: int) -> None:
    """Starts a database and slurmdbd, with the account that the profile names."""
    database = cluster.folder / "database"
    settings = (f"--datadir={database}", "--user=root", "--skip-grant-tables")
    places = (f"--socket={database}/socket", f"--pid-file={database}/pid", f"--port={port}")
    cluster.start(
        "mariadbd", "mariadbd", "--no-defaults", *settings, *places, "--bind-address=127.0.0.1"
    )
    wait_for((database / "socket").exists, "the database starts")
    cluster.start("slurmdbd", "slurmdbd", "-D")
    add = ("sacctmgr", "--immediate", "add")
    wait_for(
        lambda: "Adding Cluster" in cluster.run(*add, "cluster", "test", fails=None),
        "slurmdbd starts",
    )
    cluster.run(*add, "account", "my_account", "cluster=test")
    cluster.run(*add, "user", "root", "account=my_account")
