"""A run small enough to train in a second."""

from wngan.settings import Settings

TINY = Settings(
    architecture="dcgan",
    model="wn",
    image_size=8,
    channels=(4,),
    code_length=6,
    batch_size=4,
    lr=1e-3,
    seed=3,
    snapshot_every=6,
    sample_every=3,
    sample_codes=2,
)
