"""What tables and figures call models and runs."""

NAMES = {
    "vanilla": "vanilla",
    "bn": "BN",
    "wn": "WN",
    "wn_published": "WN, published gradient",
    "wn_critic": "WN critic",
    "affine_wn": "affine WN",
    "wn_mean_bn": "WN + mean-only BN",
    "spectral": "spectral norm",
}
"""Models as the paper writes them, and ours."""


def run_name(run: str) -> str:
    """A run as a legend names it: "BN" for bn, "BN-2" for bn/2."""
    model, _, instance = run.partition("/")
    return f"{NAMES[model]}-{instance}" if instance else NAMES[model]
