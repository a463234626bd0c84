"""One entry: from cards to a survey."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from polyculture.core.cards import Cards
from polyculture.core.errors import DataError
from polyculture.core.survey import Community, Survey
from polyculture.zoo.count.draws.draw_budget import made
from polyculture.zoo.count.draws.figures import FEWEST as SMALL
from polyculture.zoo.count.likeness.distances import distances
from polyculture.zoo.count.likeness.kernel import Kernel, kernel
from polyculture.zoo.count.likeness.map import places
from polyculture.zoo.count.likeness.outliers import outliers
from polyculture.zoo.count.likeness.similarity import similarities
from polyculture.zoo.count.lineages.lineage import descendants, forest
from polyculture.zoo.count.lineages.lineage_repair import Graph, Kind
from polyculture.zoo.count.members import MOST, members
from polyculture.zoo.count.shares.classes import Positions, Votes, members_of, of_column, of_trait
from polyculture.zoo.count.shares.concentration import chance_of_lineages, concentrations
from polyculture.zoo.count.shares.divisions import graphs_of, lineage_votes
from polyculture.zoo.count.years.histories import histories
from polyculture.zoo.count.years.trends import figures, trends
from polyculture.zoo.first_few import first_few

Stage = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Zoo:
    """Cards, with what several figures are counted from."""

    cards: Cards
    years: NDArray[np.int64]
    """Of each card; -1 where it is not known."""
    groups: Mapping[str, Positions]
    named: Mapping[str, list[str]]
    """Community to the names of its cards; empty where there is nothing to compare by name."""
    lineages: Mapping[Kind, Graph]
    """By kind of inheritance: ``any``, and each kind where both occur."""
    votes: Mapping[str, Votes]
    """By ``lineage``, ``maker``, and each trait as ``trait: <name>``."""
    kernel: Kernel
    """Of the built cards, which may be none."""


def survey(
    cards: Cards,
    *,
    draws: int = 1000,
    resamples: int = 1000,
    seed: int = 1,
    on_stage: Stage = lambda _: None,
) -> Survey:
    """Count how alike the cards of a zoo are, and where they come from.

    Args:
        cards: Of one source, or of several that were joined.
        draws: Random sets behind each chance level and p value.
        resamples: Rounds behind each interval.
        seed: Seed of all drawing.
        on_stage: Told what is counted next.

    Raises:
        DataError: There are no cards.
    """
    if cards.table.is_empty():
        msg = f"{cards.source} has no cards, so there is nothing to survey. Check what was read."
        raise DataError(msg)
    began = time.monotonic()
    zoo = _zoo(_dated(cards), on_stage)
    cards, table = zoo.cards, zoo.cards.table
    rng = np.random.default_rng(seed)
    effort = {"draws": draws, "resamples": resamples, "seed": seed}
    on_stage("concentration")
    grown = chance_of_lineages(cards, zoo.lineages, draws=draws, seed=seed)
    concentrated = concentrations(cards, **effort, graphs=zoo.lineages, grown=grown)
    forests = tuple(
        forest(graph, resamples=resamples, seed=seed, grown=grown.get(kind))
        for kind, graph in zoo.lineages.items()
    )
    on_stage("likeness of architectures")
    alike = similarities(zoo.kernel, zoo.named, **effort) if zoo.kernel.names else ()
    on_stage("distances of communities")
    apart = distances(zoo.kernel, cards.traits, zoo.named, draws=draws, seed=seed)
    on_stage("trends")
    names = table.get_column("name").to_list()
    moved = trends(
        figures(zoo.votes, zoo.kernel, names, zoo.groups, rng), zoo.years, zoo.groups, rng
    )
    traits = {
        name.removeprefix("trait: "): votes
        for name, votes in zoo.votes.items()
        if name.startswith("trait: ")
    }
    on_stage("table and map")
    return Survey(
        sources=(cards.source,),
        unit=cards.unit,
        digest=cards.digest,
        listed=cards.listed,
        cards=table.height,
        built=int(table.get_column("is_built").sum()),
        buildable=_buildable(cards),
        is_census=cards.is_census,
        year_means=cards.year_means,
        communities=_communities(zoo),
        concentrations=concentrated,
        similarities=alike,
        distances=apart,
        trends=moved,
        forests=forests,
        histories=histories(traits, zoo.years),
        outliers=outliers(zoo.kernel, table, cards.traits),
        places=places(zoo.kernel),
        members=members(cards, descendants(zoo.lineages["any"])[: table.height]),
        reasons=_reasons(cards),
        joined=cards.joined,
        blind=cards.blind,
        notes=(*cards.notes, *_own_notes(zoo)),
        settings={**effort, **made(table.height, draws=draws, resamples=resamples)},
        seconds=time.monotonic() - began,
    )


def _zoo(cards: Cards, on_stage: Stage) -> Zoo:
    groups = members_of(cards)
    names = cards.table.get_column("name")
    on_stage("lineage")
    lineages = graphs_of(cards)
    votes = {"lineage": lineage_votes(lineages["any"])}
    if cards.table.get_column("maker").is_not_null().any():
        votes["maker"] = of_column(cards, "maker")
    for trait in cards.traits.get_column("trait").unique().sort():
        votes[f"trait: {trait}"] = of_trait(cards, trait)
    on_stage("architectures")
    by_name = groups if cards.graphs or cards.traits.height else {}
    return Zoo(
        cards=cards,
        years=cards.table.get_column("year").fill_null(-1).to_numpy().astype(np.int64),
        groups=groups,
        named={name: names.gather(group).to_list() for name, group in by_name.items()},
        lineages=lineages,
        votes=votes,
        kernel=kernel(cards.graphs),
    )


def _dated(cards: Cards) -> Cards:
    """The cards, with years that lie in the future taken as not known."""
    now = datetime.now(tz=UTC).year
    ahead = int((cards.table.get_column("year") > now).sum())
    if not ahead:
        return cards
    year = pl.when(pl.col("year") <= now).then(pl.col("year")).alias("year")
    return replace(
        cards,
        table=cards.table.with_columns(year),
        notes=(*cards.notes, f"Years that lie in the future, taken as not known: {ahead}."),
    )


def _communities(zoo: Zoo) -> tuple[Community, ...]:
    built = zoo.cards.table.get_column("is_built").fill_null(value=False).to_numpy()
    return tuple(
        Community(name=name, members=len(group), built=int(built[group].sum()))
        for name, group in zoo.groups.items()
    )


def _buildable(cards: Cards) -> int:
    tried = pl.col("is_built").fill_null(value=False) | pl.col("reason").is_not_null()
    return cards.table.filter(tried).height


def _reasons(cards: Cards) -> dict[str, int]:
    counted = (
        cards.table.drop_nulls("reason")
        .group_by("reason")
        .len()
        .sort("len", "reason", descending=[True, False])
    )
    return {reason: int(count) for reason, count in counted.iter_rows()}


def _own_notes(zoo: Zoo) -> tuple[str, ...]:
    cards, notes = zoo.cards, []
    undated = int((zoo.years < 0).sum())
    if undated:
        notes.append(
            f"Cards without a year, which trends leave out: {undated} of {len(zoo.years)}."
        )
    if len(zoo.groups) == 1:
        notes.append(
            "There is one community only, so there is no distance between communities and its "
            "figures are those of all cards."
        )
    homeless = cards.table.filter(pl.col("communities").list.len().fill_null(0) == 0).height
    if homeless:
        notes.append(f"Cards in no community, which count among all cards only: {homeless}.")
    if cards.traits.height:
        told = cards.traits.get_column("name").n_unique()
        without = cards.table.height - told
        if without:
            notes.append(f"Cards without any trait, which figures of traits leave out: {without}.")
    small = [name for name, group in zoo.groups.items() if len(group) < SMALL]
    if small:
        notes.append(
            f"Communities of fewer than {SMALL} cards, which distances and trends leave out: "
            f"{first_few(small)} ({len(small)})."
        )
    if len(zoo.years) > MOST:
        notes.append(f"The table of cards shows {MOST:,} of {len(zoo.years):,}.")
    return tuple(notes)
