"""The site: its sources are the repository's own pages, so that links work here and on GitHub."""

import re
from pathlib import Path

from sphinx.application import Sphinx

import wngan

HERE = Path(__file__).parent

project = "wngan"
author = "The wngan authors"
release = wngan.__version__
html_title = f"wngan {release}"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary"]
extensions += ["sphinx.ext.napoleon", "sphinx.ext.viewcode"]
root_doc = "README"
include_patterns = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "benchmarks/README.md"]
include_patterns += ["docs/*.md", "docs/api/*.rst"]
exclude_patterns = [".*", "data", "results", "site"]  # which may be large; they are not walked

smartquotes_action = "D"  # dashes alone
highlight_language = "text"
myst_heading_anchors = 3

default_role = "py:obj"
autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
autosummary_generate = False
napoleon_numpy_docstring = False
napoleon_custom_sections = [("Files", "params_style")]
napoleon_attr_annotations = False
python_maximum_signature_line_length = 80
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_static_path = ["style.css"]
html_css_files = ["style.css"]
html_extra_path = ["index.html"]
html_favicon = "favicon.svg"
html_copy_source = False
html_show_sourcelink = False


def add_contents(app: Sphinx, page: str, source: list[str]) -> None:
    """Appends the site's contents to README, where GitHub would show them as code."""
    if page == root_doc:
        source[0] += (HERE / "contents.md").read_text()


def skip_fields(_app: Sphinx, _what: str, _name: str, member: object, *_: object) -> bool | None:
    """Leaves the fields of a NamedTuple to the section of its docstring that describes them."""
    return (getattr(member, "__doc__", None) or "").startswith("Alias for field number") or None


def without_types(
    _app: Sphinx, what: str, _name: str, _member: object, _options: object, lines: list[str]
) -> None:
    """Puts an empty type before descriptions of values, where Napoleon takes it to end at a colon.

    Signatures have the types.
    """
    starts = [0] if what in {"attribute", "data", "property"} else []
    starts += [number + 1 for number, line in enumerate(lines) if line.strip() == "Returns:"]
    for start in starts:
        lines[start] = re.sub(r"^( *)", r"\1: ", lines[start])


def short_arrays(
    _app: Sphinx, _what: str, _name: str, _member: object, _options: object, *parts: str | None
) -> tuple[str | None, ...]:
    """Writes array types as the code does: NDArray[float32]."""
    long = r"~?numpy\.ndarray\[tuple\[[^]]*\], ~?numpy\.dtype\[([^]]*)\]\]"
    return tuple(part and re.sub(long, r"~numpy.typing.NDArray[\1]", part) for part in parts)


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", add_contents)
    app.connect("autodoc-skip-member", skip_fields)
    app.connect("autodoc-process-docstring", without_types, priority=400)  # before Napoleon
    app.connect("autodoc-process-signature", short_arrays)
