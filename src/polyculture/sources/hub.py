"""Fetch named files of one repository on a model hub: data and safetensors, never code.

The hub is the one that ``HF_ENDPOINT`` names. What was fetched once is found again without a
network.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from polyculture.core.errors import PolycultureError, need


def fetch_files(
    name: str,
    revision: str | None,
    patterns: tuple[str, ...],
    *,
    kind: Literal["model", "dataset"],
    error: type[PolycultureError],
) -> Path:
    """Fetch the files of one commit.

    Args:
        name: ``owner/name`` of the repository.
        revision: Commit, tag or branch; None for the newest.
        patterns: Which files.
        kind: What sort of repository it is.
        error: Raised, with one sentence, where it cannot be had.

    Returns:
        The folder of the commit; its name is the commit's.
    """
    hub = need("huggingface_hub", extra="train", purpose="Reaching a hub")
    import httpx2
    from huggingface_hub import errors

    try:
        with _quiet():
            folder = hub.snapshot_download(
                name, repo_type=kind, revision=revision, allow_patterns=list(patterns)
            )
    except errors.GatedRepoError as problem:
        msg = f"{name!r} is gated: accept its terms on the hub and log in there, then try again."
        raise error(msg) from problem
    except errors.RevisionNotFoundError as problem:
        msg = f"{name!r} has no revision {revision!r}. Take a commit, tag or branch that it has."
        raise error(msg) from problem
    except errors.RepositoryNotFoundError as problem:
        msg = f"There is no {kind} {name!r} on the hub, or it is private. Check its name."
        raise error(msg) from problem
    except errors.HFValidationError as problem:
        msg = f"{name!r} is not a name on a hub. Write it as owner/name."
        raise error(msg) from problem
    except (OSError, httpx2.HTTPError) as problem:
        msg = (
            f"The {kind} {name!r} is not in the hub's cache and the hub cannot be reached. Check "
            "the network (and HF_HUB_OFFLINE), or take a source that needs none."
        )
        raise error(msg) from problem
    return Path(folder)


def pin_note(name: str, revision: str | None, folder: Path) -> tuple[str, ...]:
    """Say which commit was taken where nobody pinned one."""
    commit = folder.name
    if revision == commit:
        return ()
    asked = "the newest" if revision is None else repr(revision)
    return (f"{name}: {asked} was commit {commit}; set revision = '{commit}' to pin it.",)


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars of the hub's own."""
    utils = need("huggingface_hub.utils", extra="train", purpose="Reaching a hub")
    was_quiet = utils.are_progress_bars_disabled()
    utils.disable_progress_bars()
    try:
        yield
    finally:
        if not was_quiet:
            utils.enable_progress_bars()
