"""All routes of CompreFace's API as one router."""

from fastapi import APIRouter

from visavis.service.compreface import (
    detection,
    faces,
    recognition,
    subjects,
    vectors,
    verification,
)

router = APIRouter()
for part in (subjects, faces, recognition, vectors, detection, verification):
    router.include_router(part.router)
