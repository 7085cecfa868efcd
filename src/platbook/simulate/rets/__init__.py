"""A RETS server (1.5, 1.7.2, 1.8) over the invented market, with the quirks of real ones to order."""
