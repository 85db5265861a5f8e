"""Bulk enrolment: photos of many people are taken at once and enrolled one person after another.

Photos wait on disk under a key of their own for each person, which is destroyed before anything
else once that person is done. What was acknowledged survives the end of the process.
"""
