"""Weight-normalized GANs: layers, models, training and the reconstruction evaluator.

Reproduces Xiang & Li, "On the Effects of Batch and Weight Normalization in Generative Adversarial
Networks" (2017), arXiv 1704.03971. Section, equation and table numbers in this package are that
paper's.
"""

__version__ = "0.2.0"
