"""The plan of an evaluation, made before it runs: for each node layout, storage, algorithm, list and mask.

It imports the IR and no numerical library. Another target adds its `Limits` and, where it wants more than a
step a node (loops over atoms with packed neighbours, say), a plan of its own made from the same pieces:
`ir.contraction`, `ir.types.table_row`, `layout`, `storage`, `algorithms`, and the costs that operations have.
"""
