"""C13 (section 5.4): vanilla and WN often fail at twice the learning rate, BN less so."""

from wngan.claims.measures import best, common_rows, fluctuation_ratio, instances, share_finding
from wngan.claims.record import CURVE, Figures, Finding, Groups, PaperClaim
from wngan.verdicts import Criterion


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """The paper says "often", taken as a third or more, and "still trainable", two thirds or more.

    `fluctuation` is compared after the first quarter of the iterations that both runs have, where
    the losses no longer fall steeply.
    """
    usual, doubled, tenfold = runs
    before, after = best(usual, "bn"), best(tenfold, "bn")
    start = min(before.iterations, after.iterations) / 4
    a, b = common_rows(after, before, start)
    what = (
        "BN's root mean square log ratio of successive running losses at ten times the learning "
        f"rate over that at the usual one, from iteration {start:,.0f} on, ratio"
    )
    ratio = fluctuation_ratio(after.losses[a], before.losses[b])
    more = Criterion(low=1, strict=True)
    return [
        share_finding("a", "failed", instances(doubled, "vanilla"), at_least=1 / 3),
        share_finding("b", "failed", instances(doubled, "wn"), at_least=1 / 3),
        share_finding("c", "trained", instances(tenfold, "bn"), at_least=2 / 3),
        Finding("d", what, ratio, more, [before, after]),
    ]


CLAIM = PaperClaim(
    "C13",
    statements={
        "a": "Vanilla often fails at twice the learning rate.",
        "b": "WN often fails at twice the learning rate.",
        "c": "BN trains at ten times the learning rate.",
        "d": "BN is less stable at ten times the learning rate.",
    },
    needs=({"bn": CURVE}, {"vanilla/*": (), "wn/*": ()}, {"bn": CURVE, "bn/*": ()}),
    judge=judge,
    lr_factors=(1, 2, 10),
)
