"""HTTP: who may ask, what was asked, and how it is answered.

``graphql`` is the admin API's endpoint, ``sse`` its streams, ``parameters`` what a request asks, ``access`` who may.
``health`` and ``metrics`` are for those who watch from outside. ``edge`` is around them all.
"""
