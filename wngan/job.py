"""What a script does with the job that Snakemake gives it."""

from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any, get_type_hints

from wngan.log import logged


def run_job(main: Callable[..., Any], job: Any, **more: Any) -> None:
    """Calls a script's `main` with what its job has under the names of its parameters, and logs.

    Args:
        job: the `snakemake` of a script.
        **more: other arguments that `main` may take.
    """
    with logged(job.log[0]):
        main(**arguments(main, job, **more))


def arguments(main: Callable[..., Any], job: Any, **more: Any) -> dict[str, Any]:
    """The arguments of `main` that a job has.

    They are its outputs, inputs, parameters and wildcards of these names, and `threads`. A
    parameter `inputs` or `outputs` gets all of them by name. Files become what the parameter's type
    says: a `Path`, None for no file where that is allowed, or a list.

    Args:
        **more: other arguments that `main` may take, as they are.

    Raises:
        TypeError: the job has no such name, or has it in two places.
    """
    files = {"outputs": job.output, "inputs": job.input}
    places = [dict(each.items()) for each in (*files.values(), job.params, job.wildcards)]
    hints = get_type_hints(main)
    found = {}
    for name, parameter in signature(main).parameters.items():
        values = [place[name] for place in (*places, {"threads": job.threads}) if name in place]
        if len(values) > 1:
            raise TypeError(f"The job of {job.rule} has two things that are called {name}.")
        if name in more:
            found[name] = more[name]
        elif name in files:
            found[name] = {key: _typed(value, hints[name]) for key, value in files[name].items()}
        elif values:
            found[name] = _typed(values[0], hints[name])
        elif parameter.default is parameter.empty:
            raise TypeError(f"The job of {job.rule} has nothing that is called {name}.")
    return found


def _typed(value: Any, hint: Any) -> Any:
    """Names of files as paths, and wildcards as numbers, where a parameter's type says so."""
    if hint in (Path, Path | None):
        names = [value] if isinstance(value, str) else list(value)
        if len(names) > 1 or (not names and hint is Path):
            raise TypeError(f"There must be one file, not {names}.")
        return Path(names[0]) if names else None
    if hint in (list[Path], dict[str, list[Path]]):
        return [Path(name) for name in ([value] if isinstance(value, str) else value)]
    if hint == dict[str, Path]:
        return Path(value)
    return int(value) if hint is int else value
