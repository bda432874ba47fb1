"""Models with fewer or more terms, as edits of their specs, judged by a quadratic model of the loss.
Imports programs and what comes before them."""
