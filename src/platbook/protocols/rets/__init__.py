"""RETS 1.5 to 1.8 on the wire: login bodies, search streams, DMQL2, reply codes, HTTP authorization."""
