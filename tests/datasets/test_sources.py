import pytest

from visavis.datasets.sources import CATALOGUE, Source, source
from visavis.errors import InputError


@pytest.mark.parametrize("one", CATALOGUE, ids=lambda s: s.name)
def test_each_says_terms_citation_and_a_way_to_get_it(one: Source) -> None:
    assert one.title
    assert one.terms
    assert one.citation
    assert one.page.startswith("http")
    assert bool(one.files) != bool(one.instructions)


def test_what_is_downloaded_has_a_digest() -> None:
    files = [file for one in CATALOGUE for file in one.files]
    assert files
    for file in files:
        assert len(bytes.fromhex(file.sha256)) == 32
        assert all(url.startswith("https://") for url in file.urls)
        assert file.archive == file.name.endswith(".tgz")


def test_lfw_is_what_scikit_learn_fetches() -> None:
    theirs = pytest.importorskip("sklearn.datasets._lfw")
    known = {f.checksum: (f.filename, f.url) for f in (*theirs.TARGETS, theirs.ARCHIVE)}
    known |= {theirs.FUNNELED_ARCHIVE.checksum: ("lfw-funneled.tgz", theirs.FUNNELED_ARCHIVE.url)}
    for name in ("lfw", "lfw-funneled"):
        for file in source(name).files:
            assert known[file.sha256] == (file.name, file.urls[0])


def test_the_lists_have_the_bytes_of_the_real_ones(test_data) -> None:
    for file in source("lfw").files[:3]:
        assert (test_data / "lfw" / file.name).stat().st_size == file.bytes


def test_another_catalogue_may_be_given() -> None:
    own = Source("own", "Own faces", "ours", "none", "http://example.org")
    assert source("own", (own,)) is own
    with pytest.raises(InputError, match="expected one of own, got 'lfw'"):
        source("lfw", (own,))
