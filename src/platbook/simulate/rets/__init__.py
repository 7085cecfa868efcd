"""A RETS server (1.5, 1.7.2, 1.8) over the simulated market, with configurable quirks of real ones."""
