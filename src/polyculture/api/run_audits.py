"""Audit trained models: observe them on one probe, then compare."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from polyculture.api.answer_audits import check_language, write_audit
from polyculture.api.evidence import observe
from polyculture.core.errors import ProbeMismatchError
from polyculture.core.views import PASS_MARK
from polyculture.store.writing.outputs import check_output

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from polyculture.api.shared import Shared
    from polyculture.core.audit import Audit


def audit_runs(
    folders: Sequence[Path],
    *,
    probe: str,
    out: Path,
    title: str = "",
    asked: dict[str, str] | None = None,
    evidence: Path | None = None,
    replace: bool = False,
    show_text: bool = False,
    pass_mark: float = PASS_MARK,
    resamples: int = 1_000,
    seed: int = 1,
    command: str = "",
    language: str | None = None,
    shared: Shared | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Audit:
    """Compare finished runs on a split of their data.

    Args:
        folders: Finished runs of one task, two at least.
        probe: Name of the split.
        out: Folder of the audit.
        title: Heading of the report.
        asked: What was asked, for the report; made from runs and probe where left out.
        evidence: Folder of evidence, in which older evidence of the same models is replaced;
            ``evidence`` within the audit's folder where left out.
        replace: Replace an audit that exists.
        show_text: Show the items' texts also where their source restricts them.
        pass_mark: The grade from 0 to 1 from which an answer counts as right, where a task grades
            answers.
        resamples: Bootstrap rounds.
        seed: Seed of resampling.
        command: The command that makes this audit again.
        language: Of the report's page: ``en`` or ``zh``; left out, both.
        shared: Data that were read before.
        say: Told what is being done.

    Raises:
        PolycultureError: The runs cannot be compared, the folder exists, or there is no such
            language.
    """
    if len(folders) < 2:  # noqa: PLR2004
        msg = "An audit compares models, but one run was named. Name two or more."
        raise ProbeMismatchError(msg)
    check_output(out, kind="audit", replace=replace, inputs=folders)
    check_language(language)
    observed, runs, items = observe(
        folders, probe, evidence, shared=shared, pass_mark=pass_mark, say=say
    )
    shows_text = show_text or not items.is_restricted
    if shows_text:
        observed = [dataclasses.replace(model, texts=items.texts) for model in observed]
    say("comparing")
    return write_audit(
        observed,
        out,
        title=title or f"{len(runs)} models on {probe}",
        asked=asked or {"runs": ", ".join(run.name for run in runs), "probe": probe},
        command=command,
        language=language,
        runs=tuple(runs),
        shows_text=shows_text,
        keeps_evidence=evidence is None,
        replace=replace,
        resamples=resamples,
        seed=seed,
    )
