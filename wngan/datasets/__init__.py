"""Preparing the data sets that experiments are made of: a module for each step of each type."""
