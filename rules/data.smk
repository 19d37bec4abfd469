# Data sets: images as one uint8 array, or in an LMDB, and the permutation that splits them.


def image_files(dataset):
    """The large files of a prepared data set."""
    if dataset.encoded:
        return [ancient(file_of(dataset, "keys.npy")), lmdb_file(dataset)]
    return [ancient(file_of(dataset, "images.npy"))]


def archive_path(dataset):
    """Where its archive is: below the data folder, unless its path is absolute."""
    return Path(DATA, "raw", dataset.archive)


def archives_to_fetch():
    """The names of archives below the data folder."""
    archives = (dataset.archive for dataset in PLAN.datasets.values())
    return [str(archive) for archive in archives if archive and not archive.is_absolute()]


def given(path, problem):
    """A file or folder of the user's, at any age.

    If it is not there, a sentence stands in its place: a file that nothing makes either, so that
    Snakemake shows it, before any work starts, if a target needs it.
    """
    return ancient(str(path) if path.exists() else f"{problem}; there is no {path}")


def archive(wildcards):
    """A data set's archive, fetched unless its path is absolute; what is in it, its digest says."""
    path = archive_path(dataset(wildcards))
    if not dataset(wildcards).archive.is_absolute():
        return ancient(str(path))
    key = f"datasets.{wildcards.dataset}.archive.file"
    return given(path, f"{key} must be a copy that you have, or a relative path to fetch it to")


def archived_lsun_datasets():
    """The names of LSUN's data sets, but for those whose archive the user has as a folder."""
    names = PLAN.datasets_of("lsun")
    return [name for name in names if not archive_path(PLAN.datasets[name]).is_dir()]


def lmdb_file(dataset):
    """The file of LSUN's LMDB, in the folder that the user has, or taken out of the archive."""
    folder = archive_path(dataset)
    if folder.is_dir():
        key = f"datasets.{dataset.name}.archive.file"
        return given(folder / "data.mdb", f"{key} must be an archive, or a folder with an LMDB")
    return ancient(file_of(dataset, "lmdb/data.mdb"))


def lmdb_data(wildcards):
    """The file of a data set's LMDB."""
    return lmdb_file(dataset(wildcards))


def lmdb_source(wildcards):
    """Where an LMDB that is unpacked here is from: unlike its data, small enough to be compared."""
    named = wildcards.dataset in archived_lsun_datasets()
    return file_of(dataset(wildcards), "lmdb/source.txt") if named else []


def image_folder(wildcards):
    """The folder or zip of a data set of the user's."""
    key = f"datasets.{wildcards.dataset}.path"
    path = Path(dataset(wildcards).settings["path"]).expanduser()
    return given(path, f"{key} must be a folder or a zip with images")


# Without parameters: the rules that read an archive check it, and fail if it is another.
rule download:
    """Fetch a data set's archive; one that is there already is used as it is."""
    output:
        archive=f"{DATA}/raw/{{file}}",
    log:
        f"{DATA}/raw/{{file}}.log",
    wildcard_constraints:
        file=any_of(map(re.escape, archives_to_fetch())),
    conda:
        "../envs/wngan.yaml"
    resources:
        mem_mb=1000,
        runtime=1440,
    script:
        "../scripts/download.py"


rule prepare_digits:
    """Enlarge scikit-learn's handwritten digits."""
    output:
        images=f"{DATA}/{{dataset}}/images.npy",
        info=f"{DATA}/{{dataset}}/images.json",
    log:
        f"{DATA}/{{dataset}}/prepare.log",
    wildcard_constraints:
        dataset=any_of(PLAN.datasets_of("digits")),
    conda:
        "../envs/wngan.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        image_size=of(dataset, "settings", "image_size"),
        code=code("prepare_digits.py"),
    script:
        "../scripts/prepare_digits.py"


rule prepare_celeba:
    """Crop CelebA's images, straight from the archive."""
    input:
        archive=archive,
    output:
        images=f"{DATA}/{{dataset}}/images.npy",
        info=f"{DATA}/{{dataset}}/images.json",
    log:
        f"{DATA}/{{dataset}}/prepare.log",
    wildcard_constraints:
        dataset=any_of(PLAN.datasets_of("celeba")),
    conda:
        "../envs/wngan.yaml"
    threads: 8
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        image_size=of(dataset, "settings", "image_size"),
        digest=of(dataset, "digest"),
        code=code("prepare_celeba.py"),
    script:
        "../scripts/prepare_celeba.py"


rule prepare_cifar10:
    """Join CIFAR-10's images, straight from the archive."""
    input:
        archive=archive,
    output:
        images=f"{DATA}/{{dataset}}/images.npy",
        info=f"{DATA}/{{dataset}}/images.json",
    log:
        f"{DATA}/{{dataset}}/prepare.log",
    wildcard_constraints:
        dataset=any_of(PLAN.datasets_of("cifar10")),
    conda:
        "../envs/wngan.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        digest=of(dataset, "digest"),
        code=code("prepare_cifar10.py"),
    script:
        "../scripts/prepare_cifar10.py"


rule prepare_folder:
    """Crop the images of a folder or a zip of the user's."""
    input:
        source=image_folder,
    output:
        images=f"{DATA}/{{dataset}}/images.npy",
        info=f"{DATA}/{{dataset}}/images.json",
    log:
        f"{DATA}/{{dataset}}/prepare.log",
    wildcard_constraints:
        dataset=any_of(PLAN.datasets_of("folder")),
    conda:
        "../envs/wngan.yaml"
    threads: 8
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        image_size=of(dataset, "settings", "image_size"),
        resize=of(dataset, "resize"),
        code=code("prepare_folder.py"),
    script:
        "../scripts/prepare_folder.py"


rule unpack_lsun:
    """Take LSUN's LMDB out of the archive; its images stay encoded."""
    input:
        archive=archive,
    output:
        data=f"{DATA}/{{dataset}}/lmdb/data.mdb",
        source=f"{DATA}/{{dataset}}/lmdb/source.txt",
    log:
        f"{DATA}/{{dataset}}/unpack.log",
    wildcard_constraints:
        dataset=any_of(archived_lsun_datasets()),
    conda:
        "../envs/wngan.yaml"
    resources:
        mem_mb=2000,
        runtime=240,
    params:
        digest=of(dataset, "digest"),
        code=code("unpack_lsun.py"),
    script:
        "../scripts/unpack_lsun.py"


rule index_lsun:
    """List the keys of LSUN's images in the LMDB, unpacked here or by the user."""
    input:
        data=lmdb_data,
        source=lmdb_source,
    output:
        index=f"{DATA}/{{dataset}}/keys.npy",
        info=f"{DATA}/{{dataset}}/images.json",
    log:
        f"{DATA}/{{dataset}}/prepare.log",
    wildcard_constraints:
        dataset=any_of(PLAN.datasets_of("lsun")),
    conda:
        "../envs/wngan.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        image_size=of(dataset, "settings", "image_size"),
        code=code("index_lsun.py"),
    script:
        "../scripts/index_lsun.py"


rule split:
    """Permute a data set's images: the first are for testing, the rest for training."""
    input:
        info=f"{DATA}/{{dataset}}/images.json",
    output:
        permutation=f"{DATA}/{{dataset}}/permutation.npy",
    log:
        f"{DATA}/{{dataset}}/split.log",
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        seed=of(dataset, "settings", "split_seed"),
        test=of(dataset, "settings", "test"),
        code=code("split.py"),
    script:
        "../scripts/split.py"
