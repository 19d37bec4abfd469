from wngan.evaluation import evaluate as evaluate
from wngan.exporting import export as export
from wngan.settings import load as load

__version__: str
