"""How fast training, reconstruction and data preparation are, beside plain PyTorch.

    make bench                                           # everything, into results/speed.csv
    python -m benchmarks.speed --sizes cifar10 digits    # less
    python -m benchmarks.speed --precision tf32          # on a GPU

Each line compares this program with the two references of `benchmarks.reference`, the tutorial and
the careful one, on the present device. All run in processes of their own, in turns, the others
waiting; ratios are medians over the turns, and "from" and "to" are of the careful one's. What is
timed of training is `wngan.training.train` as jobs call it. References compute in the same
precision. Data are prepared in one plain way. The share of the peak is counted arithmetic per
second over the largest rate measured, of matrix products and of a convolution, in the precision in
use. Reconstruction is called as a user of the package calls it; freed memory is as the system has
it, or kept by both sides (`wngan.memory.freed_memory_kept`).
"""

import argparse
import datetime
import io
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from itertools import product
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import lmdb
import numpy as np
import pandas
import torch
import yaml
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from benchmarks import reference
from benchmarks.cost import count, settings_of
from wngan.data import Subset
from wngan.datasets.crops import crop_images
from wngan.datasets.keys import write_keys
from wngan.datasets.unpacking import unpack_lmdb
from wngan.device import describe, free_device
from wngan.evaluator import reconstruct
from wngan.memory import freed_memory_kept
from wngan.on_device import on_device
from wngan.plan import Plan
from wngan.precision import PRECISIONS, computing_in
from wngan.randomness import rng
from wngan.settings import Settings
from wngan.tensors import to_device, to_tensor
from wngan.training import Interrupted, train

ROOT = Path(__file__).parents[1]
SIZES = {
    "digits": ("demo/config.yaml", "digits_dcgan"),
    "cifar10": ("config.yaml", "cifar10_dcgan"),
    "celeba": ("config.yaml", "celeba_dcgan"),
    "lsun": ("config.yaml", "lsun_dcgan"),
    "resnet": ("config.yaml", "celeba_resnet"),
}
MODELS = ("vanilla", "bn", "wn")
TURNS = 5
SECONDS = 3.0
"""Of a turn, about, and at least one iteration or `STEPS`."""
STEPS = 5
"""At least, in a call of `reconstruct`."""
KEPT = "reconstruction step, memory kept"
"""It differs on a CPU alone."""


def settings(file: str, experiment: str, model: str) -> Settings:
    """Those of a model's runs in one of the repository's configurations."""
    plan = Plan(yaml.safe_load((ROOT / file).read_text()), [])
    return settings_of(plan.experiments[experiment], model)


def images_like(settings: Settings, number: int) -> NDArray[np.uint8]:
    """Random images of a run's size, uint8 (number, H, W, 3)."""
    size = settings.image_size
    return rng(0, "images").integers(0, 256, (number, size, size, 3), np.uint8)


def job_images(settings: Settings, device: torch.device) -> Subset:
    """Those that a job trains on: on a GPU if they fit, chosen without waiting for it."""
    images = images_like(settings, 4 * settings.batch_size)
    return Subset(on_device(images, device), np.arange(len(images)))


class Turns:
    """The side of a worker: it is told how many units to do, and answers how long they took."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.left = 0
        self.start = 0.0

    def serve(self, turn: Callable[[int], object]) -> None:
        """Calls `turn` with the number of units, until that is 0."""
        while units := self.connection.recv():
            self.start = time.perf_counter()
            turn(units)
            self._answer()

    def serve_steps(self, reconstruct: Callable[[int], object]) -> None:
        """The same for steps, without what else a call does: it folds, and makes the images."""

        def turn(steps: int) -> None:
            reconstruct(1)
            _wait()
            one = time.perf_counter() - self.start
            reconstruct(steps + 1)
            self.start += 2 * one

        self.serve(turn)

    def unit_done(self) -> str:
        """For work that can't be called in turns: called after each unit, it waits between them."""
        self.left -= 1
        if self.left > 0:
            return ""
        if self.left == 0:
            self._answer()
        self.left = self.connection.recv()
        self.start = time.perf_counter()
        return "" if self.left else "as it is over"

    def _answer(self) -> None:
        _wait()
        self.connection.send(time.perf_counter() - self.start)


def _wait() -> None:
    """For what a GPU still computes."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def train_plainly(turns: Turns, settings: Settings, precision: str, careful: bool) -> float:
    """Iterations of a reference; returns the seconds of one iteration's data alone."""
    run = reference.Training(
        settings,
        settings.generator().to(default_device()),
        settings.discriminator().to(default_device()),
        images_like(settings, 4 * settings.batch_size),
        careful,
    )
    shape = (settings.batch_size, settings.code_length)

    draw = rng(0, "order")

    def indices() -> NDArray[np.int64]:
        return draw.permutation(len(run.images))[: settings.batch_size]

    def turn(units: int) -> None:
        for _ in range(units):
            run.train_step(indices(), torch.randn(shape), torch.randn(shape))

    turns.serve(turn)
    return seconds_of(lambda: run.real(indices()))


def train_fast(turns: Turns, settings: Settings, precision: str) -> float:
    """Iterations of `train`; returns the seconds of one iteration's data alone."""
    settings = replace(settings, precision=precision, sample_codes=1, snapshot_every=100_000)
    shape = (settings.batch_size, settings.code_length)
    with free_device() as device, TemporaryDirectory() as folder:
        images = job_images(settings, device)
        with suppress(Interrupted):
            train(
                settings,
                images,
                Path(folder),
                stop=settings.snapshot_every,
                device=device,
                reason_to_stop=turns.unit_done,
            )

        order = rng(0, "order").permutation(len(images))  # once an epoch

        def data() -> None:
            to_tensor(images[order[: settings.batch_size]], device)
            for purpose in ("discriminator", "generator"):
                draw = rng(0, purpose, 1).standard_normal(shape, dtype=np.float32)
                to_device(torch.from_numpy(draw), device)

        return seconds_of(data)


def reconstruct_plainly(turns: Turns, settings: Settings, precision: str, careful: bool) -> float:
    """Steps of a reference for a job's images."""
    generator = settings.generator().to(default_device())
    targets = to_tensor(images_like(settings, images_of_a_job(settings))).contiguous()
    targets = targets.to(default_device())
    length = settings.code_length
    turns.serve_steps(
        lambda steps: reference.reconstruct(generator, targets, length, steps, careful=careful)
    )
    return 0


def reconstruct_fast(turns: Turns, settings: Settings, precision: str) -> float:
    """Steps of `reconstruct` for a job's images, as a user of the package calls it."""
    generator = settings.generator().to(default_device())
    images = to_tensor(images_like(settings, images_of_a_job(settings)))
    turns.serve_steps(
        lambda steps: reconstruct(generator, images, steps=steps, precision=precision)
    )
    return 0


def keeping(work: Callable[..., float]) -> Callable[..., float]:
    """`work` in a process that keeps its freed memory."""
    return freed_memory_kept()(work)


SIDES = ("tutorial", "careful", "ours")
TASKS = {
    task: dict(
        zip(SIDES, (partial(plain, careful=False), partial(plain, careful=True), fast), strict=True)
    )
    for task, plain, fast in (
        ("training iteration", train_plainly, train_fast),
        ("reconstruction step", reconstruct_plainly, reconstruct_fast),
        (KEPT, keeping(reconstruct_plainly), keeping(reconstruct_fast)),
    )
}


def default_device() -> torch.device:
    """A GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def images_of_a_job(settings: Settings) -> int:
    """Images that are reconstructed: as many as a job has, on a CPU fewer."""
    if torch.cuda.is_available():
        return 2000 if settings.image_size <= 32 else 256
    return {16: 200, 32: 128}.get(settings.image_size, 32)


def seconds_of(work: Callable[[], object], calls: int = 20) -> float:
    """Of one call, on average."""
    work()
    start = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - start) / calls


def work(connection: Connection, task: str, side: str, settings: Settings, precision: str) -> None:
    """A worker's life: turns, then what its data cost and the memory that it took, in MB."""
    before = memory("VmRSS")
    torch.manual_seed(0)
    with ExitStack() as stack:
        if side != "ours":  # which says itself what it computes in
            reference.use_torchs_operations()
            stack.enter_context(computing_in(precision, default_device()))
        data = TASKS[task][side](Turns(connection), settings, precision)
    took = memory("VmHWM") - before
    if torch.cuda.is_available():
        took = torch.cuda.max_memory_allocated() / 1e6
    connection.send((data, took))


def memory(what: str) -> float:
    """This process's memory in MB by one of Linux's counts, such as "VmRSS", or "VmHWM" at most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(what)]
    return int(line.split()[1]) * 1024 / 1e6


def compare(task: str, settings: Settings, precision: str) -> dict[str, Any]:
    """The line of a task: milliseconds, ratios to ours, share of the peak, data, memory.

    Raises:
        RuntimeError: a process that is timed has ended.
    """
    context = multiprocessing.get_context("spawn")
    workers = {}
    try:
        for side in SIDES:
            here, there = context.Pipe()
            process = context.Process(target=work, args=(there, task, side, settings, precision))
            process.start()
            there.close()  # so that none but the process holds that end
            workers[side] = here, process
        return _line(task, settings, precision, {side: here for side, (here, _) in workers.items()})
    except (EOFError, ConnectionError) as error:
        raise RuntimeError("a process that is timed has ended; what it said is above") from error
    finally:
        for _, process in workers.values():
            process.kill()
            process.join()


def _line(
    task: str, settings: Settings, precision: str, workers: dict[str, Connection]
) -> dict[str, Any]:
    units: dict[str, int] = {}
    turns = TURNS
    least = 1 if task.startswith("training") else STEPS
    for side, worker in workers.items():
        for _ in range(2):  # what comes first is slow
            worker.send(least)
            once = max(worker.recv() / least, 1e-3)
            if once > SECONDS:
                break
        units[side] = max(least, round(SECONDS / once))
        turns = min(turns, TURNS if units[side] * once < 3 * SECONDS else 3)
    peak = max(peak_rates(precision).values())
    times: dict[str, list[float]] = {side: [] for side in SIDES}
    for _ in range(turns):
        for side, worker in workers.items():
            worker.send(units[side])
            times[side].append(worker.recv() / units[side])
    data, took = {}, {}
    for side, worker in workers.items():
        worker.send(0)
        data[side], took[side] = worker.recv()
    iteration, step, _, _ = count(settings)
    flop = iteration if task.startswith("training") else step * images_of_a_job(settings)
    seconds = {side: statistics.median(each) for side, each in times.items()}
    ratios = {
        side: [a / b for a, b in zip(times[side], times["ours"], strict=True)] for side in SIDES
    }
    per = 1 if task.startswith("training") else images_of_a_job(settings)
    return {
        "task": task,
        "precision": precision,
        **{f"{side} ms": 1e3 * seconds[side] / per for side in SIDES},
        "times careful": statistics.median(ratios["careful"]),
        "from": min(ratios["careful"]),
        "to": max(ratios["careful"]),
        "share of peak": flop / seconds["ours"] / peak,
        "times tutorial": statistics.median(ratios["tutorial"]),
        "share of data": data["ours"] / seconds["ours"],
        "careful MB": took["careful"],
        "ours MB": took["ours"],
    }


def peak_rates(precision: str) -> dict[str, float]:
    """FLOP per second of large matrix products and of a large convolution, the best of some.

    On a CPU they are of different libraries, of which one may use what the other does not.
    """
    device = default_device()
    gpu = device.type == "cuda"
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    torch.backends.cudnn.benchmark = True  # as in training

    def random(*shape: int) -> Tensor:
        return torch.randn(shape, device=device).to(dtype)

    def rate(operation: Callable[[Tensor, Tensor], Tensor], a: Tensor, b: Tensor) -> float:
        start = time.perf_counter()
        flop = 2 * operation(a, b).numel() * b[0].numel()
        if gpu:
            torch.cuda.synchronize()
        return flop / (time.perf_counter() - start)

    products = [
        (random(size, size), random(size, size)) for size in ((8192,) if gpu else (1024, 4096))
    ]
    images = random(256 if gpu else 32, 256, 32, 32).to(memory_format=torch.channels_last)
    kernel = random(256, 256, 3, 3).to(memory_format=torch.channels_last)
    with torch.no_grad(), computing_in(precision, device):
        return {
            "matrix products": max(rate(torch.mm, *each) for _ in range(10) for each in products),
            "a convolution": max(rate(F.conv2d, images, kernel) for _ in range(10)),
        }


def jpegs(number: int, width: int, height: int) -> Iterator[bytes]:
    """Encoded images about as detailed as photographs."""
    draw = rng(0, "photographs")
    for _ in range(number):
        coarse = draw.integers(0, 256, (height // 12, width // 12, 3), np.uint8)
        image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        file = io.BytesIO()
        image.save(file, "JPEG", quality=90)
        yield file.getvalue()


def prepare_plainly(contents: Iterator[bytes], size: int, output: Path) -> None:
    """Decodes and crops one image after the other with Pillow."""
    crops = []
    for content in contents:
        image = Image.open(io.BytesIO(content)).convert("RGB")
        left, top = (image.width - size) // 2, (image.height - size) // 2
        crops.append(np.asarray(image.crop((left, top, left + size, top + size))))
    np.save(output, np.stack(crops))


def compare_preparation(name: str, folder: Path) -> dict[str, Any]:
    """The line of a data set: milliseconds per image."""
    archive, output = folder / f"{name}.zip", folder / "images.npy"
    number, size = (4000, 160) if name == "celeba" else (1000, 256)

    def plainly() -> None:
        with ZipFile(archive) as file:
            prepare_plainly(map(file.read, file.namelist()), size, output)

    def plainly_from_lmdb() -> None:
        unpack_lmdb(archive, folder / "plain/data.mdb")
        with (
            lmdb.open(str(folder / "plain"), readonly=True, lock=False) as environment,
            environment.begin() as transaction,
            transaction.cursor() as cursor,
        ):
            prepare_plainly(cursor.iternext(keys=False, values=True), size, output)

    def fast() -> None:
        if name == "celeba":
            crop_images(archive, output, size, workers=os.cpu_count() or 1)
        else:
            (folder / str(time.monotonic_ns())).mkdir()
            target = max(folder.glob("[0-9]*"))
            unpack_lmdb(archive, target / "data.mdb")
            write_keys(target, target / "keys.npy")

    if name == "celeba":
        with ZipFile(archive, "w") as file:
            for index, content in enumerate(jpegs(number, 178, 218)):
                file.writestr(f"{index:06d}.jpg", content)
    else:
        (folder / "plain").mkdir()
        with (
            lmdb.open(str(folder / "made"), map_size=2**30) as environment,
            environment.begin(write=True) as transaction,
        ):
            for index, content in enumerate(jpegs(number, 341, 256)):
                transaction.put(f"{index:040x}".encode(), content)
        with ZipFile(archive, "w") as file:
            file.write(folder / "made/data.mdb", "bedroom_train_lmdb/data.mdb")
    sides = [plainly_from_lmdb if name == "lsun" else plainly, fast]
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(TURNS):
        for side, times in zip(sides, seconds, strict=True):
            start = time.perf_counter()
            side()
            times.append((time.perf_counter() - start) / number)
    ratios = [a / b for a, b in zip(*seconds, strict=True)]
    return {
        "size": name,
        "task": "preparation of an image",
        "careful ms": 1e3 * statistics.median(seconds[0]),
        "ours ms": 1e3 * statistics.median(seconds[1]),
        "times careful": statistics.median(ratios),
        "from": min(ratios),
        "to": max(ratios),
    }


def markdown(table: pandas.DataFrame) -> str:
    """The table for people."""
    digits = dict.fromkeys(("times careful", "times tutorial", "from", "to"), ".2f")
    digits |= {"share of peak": ".0%", "share of data": ".1%"}
    digits |= {"careful MB": ",.0f", "ours MB": ",.0f"}
    rows = [list(table.columns), ["---"] * len(table.columns)]
    for row in table.to_dict("records"):
        cells = []
        for name, value in row.items():
            form = digits.get(name, ",.0f" if isinstance(value, float) and value >= 1000 else ".3g")
            missing = not isinstance(value, str) and (pandas.isna(value) or value == 0)
            cells.append("–" if missing else value if isinstance(value, str) else f"{value:{form}}")
        rows.append(cells)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    """Prints the table, a line at a time as it is measured, and writes it as CSV."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--precision", choices=PRECISIONS, default="float32")
    parser.add_argument("--output", type=Path, help="a CSV file")
    options = parser.parse_args()
    hardware = f"{describe(default_device())}, {torch.get_num_threads()} threads"
    print(f"{datetime.date.today()}, {hardware}, torch {torch.__version__}", flush=True)
    rates = [f"{rate / 1e9:,.0f} of {kind}" for kind, rate in peak_rates(options.precision).items()]
    print(f"GFLOP/s in {options.precision}: {', '.join(rates)}", flush=True)
    rows = []
    tasks = [task for task in options.tasks if task != KEPT or not torch.cuda.is_available()]
    for size, task, model in product(options.sizes, tasks, options.models):
        line = compare(task, settings(*SIZES[size], model), options.precision)
        rows.append({"size": size, "model": model} | line)
        print(markdown(pandas.DataFrame(rows[-1:])).splitlines()[-1], flush=True)
    for size in ("celeba", "lsun"):
        if size in options.sizes:
            with TemporaryDirectory() as folder:
                rows.append(compare_preparation(size, Path(folder)))
    table = pandas.DataFrame(rows)
    print(f"\n{markdown(table)}")
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        table.assign(device=hardware, torch=torch.__version__, date=datetime.date.today()).to_csv(
            options.output, index=False, float_format="%.5g"
        )


if __name__ == "__main__":
    main()
