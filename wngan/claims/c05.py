"""C5 (section 5.3, figure 1): BN's running loss fluctuates from about 40,000 iterations on."""

from wngan.claims.measures import best, common_rows, fluctuation_ratio
from wngan.claims.record import CURVE, Figures, Finding, Groups, PaperClaim
from wngan.verdicts import Criterion


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """`fluctuation` from the paper's onset on: against WN's, and against BN's own before.

    The paper calls the fluctuation excessive: a is judged against twice WN's. b tells an onset from
    a loss that always fluctuates; the first quarter before it, where losses fall steeply, is left
    out.
    """
    bn, wn = best(runs[0], "bn"), best(runs[0], "wn")
    onset = 40_000 * bn.iterations / 150_000
    a, b = common_rows(bn, wn, onset)
    against_wn = fluctuation_ratio(bn.losses[a], wn.losses[b])
    at = bn.running["iteration"]
    earlier = bn.losses[(at >= onset / 4) & (at <= onset)]
    against_earlier = fluctuation_ratio(bn.losses[at >= onset], earlier)
    size = "root mean square log ratio of successive running losses"
    from_on = f"from iteration {onset:,.0f} on"
    return [
        Finding(
            "a",
            f"BN's {size} over WN's, {from_on}, ratio",
            against_wn,
            Criterion(low=2, strict=True),
            [bn, wn],
        ),
        Finding(
            "b",
            f"BN's {size} {from_on} over that from {onset / 4:,.0f} to {onset:,.0f}, ratio",
            against_earlier,
            Criterion(low=1, strict=True),
            [bn],
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
