"""The two gates: what the data must look like before it is modelled, and before it is served.

`<schema>/<table>.yml` holds the expectations of a table, `<schema>/<table>.sql` a few rows of it
as they should be. `gate.gate` judges them; it reads the warehouse and writes `quality.results`.
"""
