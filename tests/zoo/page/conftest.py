"""A survey of made-up families, and one whose names try to break out of the page."""

import json
from pathlib import Path

import pytest

from polyculture.core.survey import Survey
from polyculture.zoo.page import write_survey_report
from tests.zoo.page.made_up_survey import REASON as REASON_UNBUILT
from tests.zoo.page.made_up_survey import made_up_survey

HOSTILE = "<script>alert('x')</script> & \"quotes\" | `ticks` *stars* \u202eright to left"


@pytest.fixture(scope="session")
def survey() -> Survey:
    """A survey of 550 made-up families, with everything that a page can show."""
    return made_up_survey()


@pytest.fixture(scope="session")
def survey_written(survey: Survey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a survey's report. It is read only."""
    folder = tmp_path_factory.mktemp("survey")
    write_survey_report(folder, survey, command="polyculture survey transformers --out zoo")
    return folder


@pytest.fixture(scope="session")
def hostile_survey() -> Survey:
    """A survey whose names, values and reasons try to break out of the page or to burst it."""
    names = {
        "bert": HOSTILE,
        "llama": "نموذج عربي 3",
        "vit": "长" * 200,
        "rms_norm": "</style><b>",
        "vision": HOSTILE,
        REASON_UNBUILT: HOSTILE,
    }
    record = made_up_survey(60).model_dump_json()
    for old, new in names.items():
        record = record.replace(json.dumps(old), json.dumps(new))
    return Survey.model_validate_json(record)
