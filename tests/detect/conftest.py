import pytest

from visavis.models.catalogue import card
from visavis.models.graph import optimised
from visavis.models.session import open_session
from visavis.models.weights import Weights
from visavis.protocols import ModelSession


@pytest.fixture(scope="session")
def yunet_session(tmp_path_factory) -> ModelSession:
    folder = tmp_path_factory.mktemp("yunet")
    model = card("yunet-2023mar-int8bq")
    path = Weights(None, folder, download=False).locate(model)
    return open_session(optimised(path, model, folder))
