"""C13 (section 5.4): vanilla and WN often fail at twice the learning rate, BN less so."""

from wngan.bootstrap import ratio_of_models
from wngan.claims.measures import (
    common_rows,
    few_evaluations,
    fluctuation,
    never_trained,
    of_model,
    share_finding,
)
from wngan.claims.record import CURVE, Figures, Finding, Groups, PaperClaim
from wngan.verdicts import Criterion


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """The paper says "often", taken as a third or more, and "still trainable", two thirds or more.

    `fluctuation` is compared after the first quarter of the iterations that all runs have, where
    the losses no longer fall steeply.
    """
    usual, doubled, tenfold = runs
    before, after = of_model(usual, "bn"), of_model(tenfold, "bn")
    both = [*after, *before]
    start = min(run.iterations for run in both) / 4
    curves = [run.losses[at].T for run, at in zip(both, common_rows(both, start), strict=True)]
    what = (
        "BN's root mean square log ratio of successive running losses at ten times the learning "
        f"rate over that at the usual one, from iteration {start:,.0f} on, ratio"
    )
    ratio = ratio_of_models(curves[: len(after)], curves[len(after) :], fluctuation)
    more = Criterion(low=1, none=1)
    few = few_evaluations(*(curve.T for curve in curves))
    untestable = never_trained(after, before) or few
    return [
        share_finding("a", "failed", of_model(doubled, "vanilla"), at_least=1 / 3),
        share_finding("b", "failed", of_model(doubled, "wn"), at_least=1 / 3),
        share_finding("c", "trained", after, at_least=2 / 3),
        Finding("d", what, ratio, more, [after, before], untestable=untestable),
    ]


CLAIM = PaperClaim(
    "C13",
    statements={
        "a": "Vanilla often fails at twice the learning rate.",
        "b": "WN often fails at twice the learning rate.",
        "c": "BN trains at ten times the learning rate.",
        "d": "BN is less stable at ten times the learning rate.",
    },
    needs=({"bn": CURVE}, {"vanilla": ("running",), "wn": ("running",)}, {"bn": CURVE}),
    judge=judge,
    lr_factors=(1, 2, 10),
)
