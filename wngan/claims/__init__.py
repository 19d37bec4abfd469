"""The paper's claims, one in each module: what it says, what it needs, how it is judged.

To add one, write a module like these, list it here, and name its experiments in config.yaml.
"""

from wngan.claims import (
    c01,
    c02,
    c03,
    c04,
    c05,
    c06,
    c07,
    c08,
    c09,
    c10,
    c11,
    c12,
    c13,
    c14,
    c15,
    c16,
    c17,
    c18,
)

MODULES = (
    c01, c02, c03, c04, c05, c06, c07, c08, c09, c10, c11, c12, c13, c14, c15, c16, c17,
    c18,
)  # fmt: skip

CLAIMS = {module.CLAIM.name: module.CLAIM for module in MODULES}
"""By their names, as in C1."""
