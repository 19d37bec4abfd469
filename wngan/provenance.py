"""What a result was computed with: the digest of the code behind a script."""

import hashlib
from functools import cache
from modulefinder import ModuleFinder
from pathlib import Path

WITHOUT_EFFECT = ("__init__.py", "log.py")
"""Modules that no result depends on."""


@cache
def sources(script: Path) -> tuple[Path, ...]:
    """`script` and the modules of its repository that it imports, directly or not, sorted.

    Args:
        script: in a folder of the repository whose top holds the package.
    """
    root = script.resolve().parent.parent
    # ModuleFinder fails at a folder that is called like an import but is no package.
    folders = [path.name for path in root.iterdir() if not (path / "__init__.py").exists()]
    finder = ModuleFinder(path=[str(root)], excludes=folders)
    finder.run_script(str(script))
    names = [getattr(module, "__file__", None) for module in finder.modules.values()]
    files = {Path(name).resolve() for name in names if name}
    return tuple(sorted(file for file in files if file.name not in WITHOUT_EFFECT))


@cache
def code_digest(script: Path) -> str:
    """A digest of the names and contents of `sources(script)`; times and places do not matter."""
    digest = hashlib.sha256()
    for file in sources(script):
        digest.update(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:16]
