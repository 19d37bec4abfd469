"""A SLURM cluster of one node with two stand-ins for GPUs, on this machine's loopback."""

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

SLURM_CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
SlurmUser=root
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmdSpoolDir={folder}/spool
StateSaveLocation={folder}/state
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=1,sched_min_interval=100000
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
GresTypes=gpu
ReturnToService=2
MinJobAge=3600
SlurmdTimeout=5
KillWait=2
CompleteWait=0
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=20000 Gres=gpu:2 State=UNKNOWN
PartitionName=gpu Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""

GRES_CONF = "NodeName={host} Name=gpu File={folder}/gpu[0-1]\n"


def missing() -> str:
    """Why no SLURM can be started here, or nothing."""
    absent = [name for name in ("slurmctld", "slurmd", "munged") if shutil.which(name) is None]
    if absent:
        return f"{', '.join(absent)} not installed (Debian's slurm-wlm and munge)"
    if os.geteuid() != 0:
        return "slurmd must be started by root"
    written = CONFIGURATION / "slurm.conf"
    if written.exists() and not written.read_text().startswith(MARK):
        return f"{written} belongs to a SLURM of this machine's own"
    return ""


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

    def cut_power(self, job: str) -> None:
        """Kills the node's slurmd, all processes of its job and what watches over them."""
        self.stop("slurmd", signal.SIGKILL)
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it ended meanwhile
                watches = (process / "comm").read_text() == "slurmstepd\n"
                variables = (process / "environ").read_bytes().split(b"\0")
                if watches or f"SLURM_JOB_ID={job}".encode() in variables:
                    os.kill(int(process.name), signal.SIGKILL)

    def start_node(self) -> None:
        """Starts slurmd and waits until the node takes jobs."""
        self.start("slurmd", "slurmd", "-D")
        wait_for(lambda: self.node() in ("idle", "mixed", "allocated"), "the node comes up")

    def node(self) -> str:
        """The node's state."""
        return self.run("sinfo", "--noheader", "--format=%T", fails=None).strip()

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
    """Starts munged, slurmctld and slurmd with all they write in `folder`; stops them again."""
    host = socket.gethostname().split(".")[0]
    for name in ("gpu0", "gpu1"):
        (folder / name).touch()
    for name in ("spool", "state"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(128))
    values = {"host": host, "folder": folder, "ports": free_ports(2)}
    CONFIGURATION.mkdir(exist_ok=True)
    files = {"slurm.conf": SLURM_CONF, "gres.conf": GRES_CONF}
    for name, text in files.items():
        (CONFIGURATION / name).write_text(MARK + text.format(**values))
    made = Cluster(folder)
    try:
        names = ("socket", "key-file", "log-file", "pid-file", "seed-file")
        suffixes = ("socket", "key", "log", "pid", "seed")
        options = [f"--{n}={folder}/munge.{s}" for n, s in zip(names, suffixes, strict=True)]
        made.start("munged", "munged", "--foreground", "--force", *options)
        wait_for((folder / "munge.socket").exists, "munged starts")
        made.start("slurmctld", "slurmctld", "-D", "-c")
        wait_for(lambda: "UP" in made.run("scontrol", "ping", fails=None), "slurmctld starts")
        made.start_node()
        yield made
    finally:
        if "slurmctld" in made.daemons:
            made.run("scancel", "--user=root", "--signal=KILL", fails=None)
            made.run("scancel", "--user=root", fails=None)
        for name in ("slurmd", "slurmctld", "munged"):
            if name in made.daemons:
                made.stop(name)
        for name in files:
            (CONFIGURATION / name).unlink(missing_ok=True)
