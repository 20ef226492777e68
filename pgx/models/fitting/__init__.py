"""The statistics of a fit: linear part, booster, intervals, measures."""
