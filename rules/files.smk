# Input functions: where the files of a job's record are.
#
# Modification times of large files are ignored, since Snakemake compares only small files by content.
# Each large file comes with a small one that changes whenever it does, in many rules the input
# `changes`. So a copy of results, whose times are all new, is up to date.


def of_runs(record, name):
    """A file of each of a record's runs."""
    return lambda wildcards: [f"{RUNS}/{run.place}/{name}" for run in record(wildcards).runs]


def of_all_trainings(record, name):
    """A file of each of all trainings that a record's runs are the best of."""
    return lambda wildcards: [
        f"{RUNS}/{run.place}/{name}" for group in record(wildcards).trainings for run in group
    ]


def of_segments(record, name):
    """A file of each of a record's segments."""
    path = f"{RUNS}/{{}}/segments/{{}}/{name}"
    return lambda wildcards: [path.format(r.place, k) for r, k in record(wildcards).segments]


def of_finals(record, suffix, which="finals"):
    """A file of each of a record's final reconstructions, or of some other ones of its."""
    return lambda wildcards: [
        f"{RUNS}/{each.place}.{suffix}" for each in getattr(record(wildcards), which)
    ]


def of_trainings(record, suffix):
    """A file of each of the final reconstructions of all trainings behind a record's."""
    return lambda wildcards: [
        f"{RUNS}/{each.place}.{suffix}" for group in record(wildcards).trainings for each in group
    ]


def finals_of_instances(suffix):
    """A file of the final reconstruction of each of a model's instances."""
    return lambda wildcards: [
        f"{RUNS}/{run.place}/final/{wildcards.checkpoint}.{suffix}" for run in model(wildcards).runs
    ]


def of_files(record, attribute):
    """The files that a record lists in an attribute."""
    return lambda wildcards: [f"{RUNS}/{file}" for file in getattr(record(wildcards), attribute)]


def places(record):
    """The folders of a record's runs, each once, as captions name them."""
    return lambda wildcards: list(dict.fromkeys(run.place for run in record(wildcards).runs))


def source(what):
    """The "file" of a checkpoint, or what "changes" along with it."""

    def path(wildcards):
        at, one = wildcards.get("checkpoint") or wildcards.at, run(wildcards)
        every = experiment(wildcards).settings["evaluation"]["running"]["every"]
        if at.isdecimal() and (not 0 < int(at) <= one.iterations or int(at) % every):
            raise WorkflowError(
                f"{one.place} has snapshots every {every} of {one.iterations} iterations, none at {at}."
            )
        return f"{RUNS}/{getattr(one.source(at), what)}"

    return path


def large(files):
    """The files of another input function, whose modification times are ignored."""

    def ancient_files(wildcards):
        found = files(wildcards)
        return ancient(found) if isinstance(found, str) else [ancient(file) for file in found]

    return ancient_files


def claim_files(wildcards):
    """A claim's files. Of those that are not large, times or contents are looked at."""
    files = of_files(claim, "files")(wildcards)
    return [ancient(file) if file.endswith(".safetensors") else file for file in files]


def file_of(dataset, name):
    """A file of a prepared data set."""
    return f"{DATA}/{dataset.name}/{name}"


def of_dataset(record, name):
    """A file of the data set of a job's experiment."""
    return lambda wildcards: file_of(dataset_of(record(wildcards)), name)


def of_datasets(record, name):
    """A file of the data set of each of a record's experiments."""
    return lambda wildcards: [file_of(each.dataset, name) for each in record(wildcards).experiments]


def images(record):
    """The image files of its data set, which are large; images.json changes whenever they do."""
    return lambda wildcards: image_files(dataset_of(record(wildcards)))


def split_again(record):
    """The split, for jobs that don't read it but take temporary files of those that do.

    Once images that were purged are prepared and split again, Snakemake asks of whatever depends on
    the split itself whether it must run, and runs what only depends on that in any case.
    """
    return large(of_dataset(record, "permutation.npy"))


def dataset_of(record):
    """The data set of an experiment, or of a record's experiment; or the record that is one."""
    if record in PLAN.datasets.values():
        return record
    return getattr(record, "experiment", record).dataset


# Training and evaluation


def baselines(wildcards):
    """The losses without a generator, for the experiment of a figure."""
    return f"{RESULTS}/baselines/{figure(wildcards).experiment.name}.csv"


def previous(name):
    """A file of the segment before, or nothing for the first."""

    def file(wildcards):
        number = int(wildcards.segment) - 1
        return f"{RUN}/segments/{number}/{name}".format(**wildcards) if number else []

    return file


def shards(suffix):
    """A file of each shard of a final reconstruction."""

    def files(wildcards):
        count = experiment(wildcards).settings["evaluation"]["final"]["shards"]
        path = f"{RUN}/final/{{checkpoint}}/{{shard}}.{suffix}"
        return expand(path, shard=range(1, count + 1), **wildcards)

    return files


def snapshot_folder(path):
    """The folder of a segment's snapshots, temporary unless the configuration keeps snapshots."""
    return directory(path) if config["keep_snapshots"] else temp(directory(path))


def quality_parts(suffix):
    """A file of the quality of a run's optimum, and of each segment's snapshots by its end."""

    def files(wildcards):
        ends = [each.stop_of(number) for each, number in run(wildcards).segments]
        path = f"{RUN}/quality/{{at}}.{suffix}"
        return expand(path, at=["optimal", *ends], **wildcards)

    return files


def weights(wildcards):
    """The weights of the network whose features are compared, if there is one."""
    settings = quality(wildcards).weights
    if settings is None:
        return []
    return fetched_or_given(Path(settings["file"]).expanduser(), "inception.file")


# Data sets


def image_files(dataset):
    """The large files of a prepared data set."""
    if dataset.encoded:
        return [ancient(file_of(dataset, "keys.npy")), lmdb_file(dataset)]
    return [ancient(file_of(dataset, "images.npy"))]


def archive_path(dataset):
    """Where its archive is: below the data folder, unless its path is absolute."""
    return Path(DATA, "raw", dataset.archive)


def files_to_fetch():
    """The names of archives and weights below the data folder."""
    files = [dataset.archive for dataset in PLAN.datasets.values()]
    files += [Path(config["inception"]["file"]).expanduser()] if "inception" in config else []
    return [str(file) for file in files if file and not file.is_absolute()]


def given(path, problem):
    """A file or folder of the user's, whose modification time is ignored.

    If it does not exist, the input is a sentence that says so: no rule makes a file of that name, so
    Snakemake stops before any work starts and shows the sentence, if a target needs the file.
    """
    return ancient(str(path) if path.exists() else f"{problem}; there is no {path}")


def fetched_or_given(file, key):
    """A file of a configuration's key, fetched unless its path is absolute; jobs check its digest."""
    path = Path(DATA, "raw", file)
    if not file.is_absolute():
        return ancient(str(path))
    return given(path, f"{key} must be a copy that you have, or a relative path to fetch it to")


def archive(wildcards):
    """A data set's archive; of CIFAR-10 it may be unpacked."""
    key = f"datasets.{wildcards.dataset}.archive.file"
    record = dataset(wildcards)
    path = archive_path(record)
    if path.is_dir() and record.settings["type"] != "cifar10":
        return f"{key} must be an archive; for the folder {path} say `type: folder` and `path`"
    return fetched_or_given(record.archive, key)


def archived_lsun_datasets():
    """The names of LSUN data sets that come as an archive, not as the user's own folder."""
    names = PLAN.datasets_of("lsun")
    return [name for name in names if not archive_path(PLAN.datasets[name]).is_dir()]


def lmdb_file(dataset):
    """The data file of LSUN's LMDB, in the user's own folder, or unpacked from the archive."""
    folder = archive_path(dataset)
    if folder.is_dir():
        key = f"datasets.{dataset.name}.archive.file"
        return given(folder / "data.mdb", f"{key} must be an archive, or a folder with an LMDB")
    return ancient(file_of(dataset, "lmdb/data.mdb"))


def lmdb_data(wildcards):
    """The file of a data set's LMDB."""
    return lmdb_file(dataset(wildcards))


def lmdb_source(wildcards):
    """The small file that says which archive an LMDB was unpacked from."""
    unpacked = wildcards.dataset in archived_lsun_datasets()
    return file_of(dataset(wildcards), "lmdb/source.txt") if unpacked else []


def image_folder(wildcards):
    """The folder, zip or tar of a data set of the user's."""
    key = f"datasets.{wildcards.dataset}.path"
    path = Path(dataset(wildcards).settings["path"]).expanduser()
    return given(path, f"{key} must be a folder, a zip or a tar with images")
