# Data sets: images as one uint8 array, or in an LMDB, and the permutation that splits them.


# Without parameters: the jobs that read such a file check it, and fail if it is another.
rule download:
    """Fetch a data set's archive or a network's weights; what is there already is used as it is."""
    output:
        path=f"{DATA}/raw/{{file}}",
    log:
        f"{DATA}/raw/{{file}}.log",
    wildcard_constraints:
        file=any_of(map(re.escape, files_to_fetch())),
    conda:
        "../envs/wngan.yaml"
    resources:
        mem_mb=memory(1000),
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
        mem_mb=memory(1000),
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
        mem_mb=memory(4000),
        runtime=60,
    params:
        image_size=of(dataset, "settings", "image_size"),
        digest=of(dataset, "digest"),
        code=code("prepare_celeba.py"),
    script:
        "../scripts/prepare_celeba.py"


rule prepare_cifar10:
    """Join CIFAR-10's images, straight from the archive or from the folder that it unpacks to."""
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
        mem_mb=memory(2000),
        runtime=30,
    params:
        digest=of(dataset, "digest"),
        code=code("prepare_cifar10.py"),
    script:
        "../scripts/prepare_cifar10.py"


rule prepare_folder:
    """Crop the images of a folder, a zip or a tar of the user's."""
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
        mem_mb=memory(4000),
        runtime=240,
    params:
        image_size=of(dataset, "settings", "image_size"),
        resize=of(dataset, "resize"),
        split_by=of(dataset, "split_by"),
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
        mem_mb=memory(2000),
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
        mem_mb=memory(2000),
        runtime=60,
    params:
        image_size=of(dataset, "settings", "image_size"),
        code=code("index_lsun.py"),
    script:
        "../scripts/index_lsun.py"


# A checkpoint, so that Snakemake then looks again at what depends on it: where images were purged and come
# out as they were, nothing is trained again.
checkpoint split:
    """Permute a data set's images: the first are for testing, the rest for training."""
    input:
        image_files=images(dataset),
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
        split_by=of(dataset, "split_by"),
        code=code("split.py"),
    script:
        "../scripts/split.py"
