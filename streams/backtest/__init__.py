"""Two policies, the same facts: which settings differ, and which decisions would.

``heed policy diff`` plays scenarios, or what lies on the input topics, under both. Nothing is emitted.
"""
