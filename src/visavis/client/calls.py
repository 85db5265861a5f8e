"""Every operation under the name that both clients give it."""

from visavis.client.about import calibration, models, policy, ready
from visavis.client.audit import audit, verify_audit
from visavis.client.batches import batch_detect, batch_embed, batch_identify
from visavis.client.cameras import (
    camera,
    camera_frame,
    cameras,
    create_camera,
    delete_camera,
    start_camera,
    stop_camera,
    update_camera,
)
from visavis.client.challenges import answer_challenge, challenge, judge_challenge, start_challenge
from visavis.client.collections import collection, collections, create_collection, delete_collection
from visavis.client.decisions import compare, identify, verify
from visavis.client.faces import detect, embed, liveness
from visavis.client.jobs import cancel_job, delete_job, job, job_items, jobs, start_job
from visavis.client.keys import create_key, keys, own_key, revoke_key, rotate_key
from visavis.client.liveness_table import liveness_table
from visavis.client.sightings import follow_sightings, sighting, sighting_shot, sightings
from visavis.client.subjects import (
    enrol,
    forget_subject,
    merge_subjects,
    remove_template,
    rename_subject,
    subject,
    subjects,
    templates,
    update_subject,
)
from visavis.client.transfer import export, import_

__all__ = [
    "answer_challenge",
    "audit",
    "batch_detect",
    "batch_embed",
    "batch_identify",
    "calibration",
    "camera",
    "camera_frame",
    "cameras",
    "cancel_job",
    "challenge",
    "collection",
    "collections",
    "compare",
    "create_camera",
    "create_collection",
    "create_key",
    "delete_camera",
    "delete_collection",
    "delete_job",
    "detect",
    "embed",
    "enrol",
    "export",
    "follow_sightings",
    "forget_subject",
    "identify",
    "import_",
    "job",
    "job_items",
    "jobs",
    "judge_challenge",
    "keys",
    "liveness",
    "liveness_table",
    "merge_subjects",
    "models",
    "own_key",
    "policy",
    "ready",
    "remove_template",
    "rename_subject",
    "revoke_key",
    "rotate_key",
    "sighting",
    "sighting_shot",
    "sightings",
    "start_camera",
    "start_challenge",
    "start_job",
    "stop_camera",
    "subject",
    "subjects",
    "templates",
    "update_camera",
    "update_subject",
    "verify",
    "verify_audit",
]
