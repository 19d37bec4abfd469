"""C5 (section 5.3, figure 1): BN's running loss fluctuates from about 40,000 iterations on."""

from wngan.bootstrap import ratio_of_models, ratio_within
from wngan.claims.measures import (
    common_rows,
    few_evaluations,
    fluctuation,
    never_trained,
    of_model,
)
from wngan.claims.record import CURVE, Figures, Finding, Groups, PaperClaim
from wngan.verdicts import Criterion


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """`fluctuation` from the paper's onset on: against WN's, and against BN's own before.

    The paper calls the fluctuation excessive: a is judged against twice WN's. b tells an onset from
    a loss that always fluctuates; the first quarter before it, where losses fall steeply, is left
    out.
    """
    bn, wn = of_model(runs[0], "bn"), of_model(runs[0], "wn")
    onset = 40_000 * bn[0].iterations / 150_000
    both = [*bn, *wn]
    late = [run.losses[rows].T for run, rows in zip(both, common_rows(both, onset), strict=True)]
    after = [run.losses[rows].T for run, rows in zip(bn, common_rows(bn, onset), strict=True)]
    rows_before = common_rows(bn, onset / 4, onset)
    before = [run.losses[rows].T for run, rows in zip(bn, rows_before, strict=True)]
    size = "root mean square log ratio of successive running losses"
    from_on = f"from iteration {onset:,.0f} on"
    against_wn = ratio_of_models(late[: len(bn)], late[len(bn) :], fluctuation)
    return [
        Finding(
            "a",
            f"BN's {size} over WN's, {from_on}, ratio",
            against_wn,
            Criterion(low=2, none=1),
            [bn, wn],
            untestable=never_trained(bn, wn) or few_evaluations(*(each.T for each in late)),
        ),
        Finding(
            "b",
            f"BN's {size} {from_on} over that from {onset / 4:,.0f} to {onset:,.0f}, ratio",
            ratio_within(after, before, fluctuation),
            Criterion(low=1, none=1),
            [bn],
            untestable=never_trained(bn)
            or few_evaluations(*(each.T for each in [*after, *before])),
        ),
    ]


CLAIM = PaperClaim(
    "C5",
    statements={
        "a": "From 40,000 of 150,000 iterations on, BN's running loss fluctuates more than WN's.",
        "b": "From 40,000 of 150,000 iterations on, it fluctuates more than just before.",
    },
    needs=({"bn": CURVE, "wn": CURVE},),
    judge=judge,
)
