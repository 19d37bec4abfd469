"""The tables, figures and claims that `wngan.plan` consists of, as records."""
