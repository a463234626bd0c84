"""What the page of a survey says, before it is drawn, and what becomes of it on disk."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from polyculture import api
from polyculture.core.survey import Member, Survey
from polyculture.core.values import Known, Undefined
from polyculture.page.blocks import Block, Chart, Charts, Fold, Report, Section, Table, Tree
from polyculture.page.html import to_html
from polyculture.page.markdown import to_markdown
from polyculture.page.numbers import coefficient, diversity, effective, share
from polyculture.zoo.page import write_survey_report
from polyculture.zoo.page.content import report_of
from polyculture.zoo.page.language import Language
from polyculture.zoo.page.languages import CHINESE, ENGLISH
from polyculture.zoo.page.tree import lines
from tests.zoo.page.made_up_survey import (
    REASON,
    made_up_survey,
    with_nothing_known,
    without_architectures,
)

Golden = Callable[[str, str], None]
LIMIT = 5 * 1024 * 1024
UNITS = {"unit", "units", "Units"}
FILES = {"report.html", "report.zh-CN.html", "report.md", "report.zh-CN.md", "report.json"}


@pytest.fixture(scope="module")
def report(survey: Survey) -> Report:
    return report_of(survey)


def section(report: Report, key: str) -> Section:
    return next(section for section in report.sections if section.key == key)


def blocks(within: Sequence[Block]) -> Iterator[Block]:
    for block in within:
        yield block
        if isinstance(block, Fold):
            yield from blocks(block.blocks)
        if isinstance(block, Charts):
            yield from blocks(block.charts)


def tables(report: Report, key: str) -> list[Table]:
    return [b for b in blocks(section(report, key).blocks) if isinstance(b, Table)]


def charts(report: Report, key: str) -> list[Chart]:
    return [b for b in blocks(section(report, key).blocks) if isinstance(b, Chart)]


def row(table: Table, name: str) -> list[str]:
    return next([cell.text for cell in cells] for cells in table.rows if cells[0].text == name)


@pytest.mark.slow
def test_a_folder_gets_two_pages_that_stay_small(survey_written: Path) -> None:
    """English and Chinese, as page and as Markdown, and one record of both."""
    assert {path.name for path in survey_written.iterdir()} == FILES
    assert all(path.stat().st_size < LIMIT for path in survey_written.glob("*.html"))


def test_the_headline_is_the_number_of_different_architectures_with_its_interval(
    report: Report, survey: Survey
) -> None:
    """Forty renamed copies are not forty models; of a library the interval is a sensitivity."""
    whole = survey.similarities[0]
    assert isinstance(whole.d1, Known)
    assert whole.d1.low is not None
    assert whole.d1.high is not None

    ends = f"{diversity(whole.d1.low)} to {diversity(whole.d1.high)}"
    assert report.verdict == (
        f"{whole.built} model families amount to {diversity(whole.d1.number)} different "
        f"architectures (sensitivity {ends})."
    )


def test_without_architectures_the_headline_is_of_lineages(survey: Survey) -> None:
    """A hub's listing holds none, and a sample's interval is called by its level."""
    report = report_of(without_architectures(survey))

    hill1 = survey.concentrations[0].hill1
    assert isinstance(hill1, Known)
    assert report.verdict.startswith("550 repositories come down to ")
    assert effective(hill1.number) in report.verdict
    assert "(95% interval " in report.verdict
    assert "holds no architectures" in report.deck


def test_four_questions_are_answered_with_figures(report: Report, survey: Survey) -> None:
    """How concentrated, since when, who inherits from whom, what remains diverse."""
    concentrated, since, inherited, diverse = report.answers
    top = survey.forests[0].ancestors[0]

    hill1 = survey.concentrations[0].hill1
    assert isinstance(hill1, Known)
    assert concentrated.figure == effective(hill1.number)
    assert since.figure == "2023"
    assert "rotary (position)" in since.unit
    assert inherited.figure == share(top.share)
    assert top.name in inherited.unit
    assert inherited.is_alarming
    assert diverse.figure == share(survey.built / survey.cards)
    assert survey.outliers[0].name in diverse.sentences[0]


def test_a_zoo_of_which_nothing_is_known_says_so_and_shows_no_number(survey: Survey) -> None:
    """One community, no year, no parent, nothing built: each has its reason, none a zero."""
    report = report_of(with_nothing_known(survey))

    assert report.verdict == (
        "550 repositories, of which neither architecture nor lineage is known."
    )
    assert report.answers[0].sentences == ("Nobody can say: no card has a parent.",)
    assert report.answers[1].sentences == ("Nobody can say: too few repositories have a year.",)
    assert report.answers[2].sentences == ("Nobody can say: no repository names a parent.",)
    assert row(tables(report, "communities")[0], "All")[2] == "undefined"
    for key in ("map", "distances", "years", "lineage", "diverse", "mended"):
        assert [block.kind for block in section(report, key).blocks] == ["prose"]


def test_every_community_stands_beside_its_chance(report: Report, survey: Survey) -> None:
    """The largest first, below all together; figures that chance would hardly give stand out."""
    table = tables(report, "communities")[0]

    sizes = [int(cells[1].text.replace(",", "")) for cells in table.rows]
    assert sizes[0] == survey.cards
    assert sizes[1:] == sorted(sizes[1:], reverse=True)
    one = next(c for c in survey.concentrations if c.community == "vision")
    cells = next(cells for cells in table.rows if cells[0].text == "vision")
    assert isinstance(one.hill1, Known)
    assert one.hill1.chance is not None
    assert cells[2].text == effective(one.hill1.number)
    assert cells[3].text == effective(one.hill1.chance)
    assert cells[3].note == "p\u00a0=\u00a00.004"
    assert cells[3].tone == "alarm"


def test_the_map_gives_at_most_eight_communities_a_colour(report: Report, survey: Survey) -> None:
    """The rest is quiet; each dot says its name and traits."""
    chart = charts(report, "map")[0]
    dots = chart.specification["datasets"]["dots"]

    assert len(dots) == len(survey.places)
    groups = {dot["group"] for dot in dots}
    assert len(groups) == 9
    assert "all others" in groups
    dot = next(dot for dot in dots if dot["words"].startswith("llama\n"))
    member = next(member for member in survey.members if member.name == "llama")
    assert f"position: {member.traits['position']}" in dot["words"]


def test_distances_that_chance_would_hardly_give_are_marked_after_correction(
    report: Report, survey: Survey
) -> None:
    """Both maps count their marks; a pair without a value is a dash with its reason."""
    by_traits, by_architectures = charts(report, "distances")
    sure = sum(
        isinstance(one.jensen_shannon_q, Known) and one.jensen_shannon_q.number < 0.05
        for one in survey.distances
    )

    cells = by_traits.specification["datasets"]["cells"]
    assert sum("•" in cell["text"] for cell in cells) == 2 * sure
    assert f"marks the {sure} of {len(survey.distances)} pairs" in by_traits.words
    unknown = [
        cell for cell in by_architectures.specification["datasets"]["cells"] if cell["text"] == "–"
    ]
    assert unknown
    assert all("it takes at least 5 built cards" in cell["words"] for cell in unknown)


def test_each_trend_carries_its_test(report: Report, survey: Survey) -> None:
    """Tau with its interval and p stand over each small chart; a gap stays a gap."""
    drawn = {chart.title: chart for chart in charts(report, "years")}

    assert (
        drawn["Mean similarity of architectures"].words
        == "tau 0.61 (0.33 to 0.78), p\u00a0=\u00a00.024"
    )
    points = drawn["Two share a maker"].specification["datasets"]["points"]
    assert len(points) == len(survey.trends[0].points) - 1
    table = next(t for t in tables(report, "years") if t.caption == "All trends")
    assert len(table.rows) == len(survey.trends)


def test_a_trait_that_never_became_uniform_is_called_so(report: Report) -> None:
    """No year is invented for it."""
    table = next(t for t in tables(report, "years") if "became uniform" in t.caption)

    assert row(table, "tokeniser")[:3] == ["tokeniser", "BPE", "never"]


def test_ancestors_say_what_share_inherits_their_flaws(report: Report, survey: Survey) -> None:
    """In the chart, in a table for each kind of inheritance, and with who is no card at all."""
    chart = charts(report, "lineage")[0]
    top = survey.forests[0].ancestors[0]

    assert f"{top.name} is first with {share(top.share)}" in chart.words
    captions = [table.caption for table in tables(report, "lineage")]
    assert "Top ancestors, by copied code" in captions
    first = tables(report, "lineage")[0]
    assert first.rows[0][1].text == share(top.share)
    assert first.rows[3][0].note == "not among the families, only named as a parent"


def test_the_tree_holds_every_edge_once_and_every_family_with_kin(
    report: Report, survey: Survey
) -> None:
    """A family with several parents stands under each of them."""
    tree = next(b for b in section(report, "lineage").blocks if isinstance(b, Tree))

    edges = sum(len({*one.parents, *one.copied_from}) for one in survey.members)
    assert sum(node.depth > 0 for node in tree.nodes) == edges
    parents = {name for one in survey.members for name in (*one.parents, *one.copied_from)}
    kin = {one.name for one in survey.members if one.parents or one.copied_from} | parents
    assert {node.name for node in tree.nodes} == kin
    steps = [b.depth - a.depth for a, b in zip(tree.nodes, tree.nodes[1:], strict=False)]
    assert max(steps) == 1


def member(name: str, *parents: str, copied_from: tuple[str, ...] = ()) -> Member:
    return Member(
        name=name,
        communities=(),
        year=None,
        maker="",
        parameters=None,
        parents=parents,
        copied_from=copied_from,
        descendants=0,
        traits={},
        is_built=True,
        reason="",
    )


def test_a_circle_of_parents_is_a_tree_that_ends() -> None:
    """Each name is opened once; nothing is lost and nothing runs on forever."""
    circle = [member("a", "c"), member("b", "a"), member("c", "b"), member("self", "self")]

    drawn = [(line.depth, line.name, line.opened_under) for line in lines(circle)]

    assert drawn == [(0, "a", ""), (1, "b", ""), (2, "c", ""), (3, "a", "a")]


def test_copied_code_is_told_from_inheritance_and_deep_chains_stay_drawable() -> None:
    """A chain of 300 is shown with its end at the deepest level."""
    chain = [member("0"), *(member(str(n), str(n - 1)) for n in range(1, 300))]

    drawn = list(lines([*chain, member("x", "0", copied_from=("0", "1"))]))

    assert max(line.depth for line in drawn) == 60
    assert sorted(line.is_copy for line in drawn if line.name == "x") == [False, True]


def test_every_family_has_a_row_with_traits_or_the_reason_for_its_absence(
    report: Report, survey: Survey
) -> None:
    """The table can be searched; columns that nobody fills are left out."""
    table = next(t for t in tables(report, "members") if t.is_searchable)

    assert len(table.rows) == len(survey.members)
    labels = [column.label for column in table.columns]
    assert "Maker" not in labels
    absent = next(one for one in survey.members if not one.is_built)
    assert row(table, absent.name)[-1] == f"not built: {REASON}"
    hub = tables(report_of(without_architectures(survey)), "members")[0]
    assert not any(column.label.startswith("Traits") for column in hub.columns)


def test_a_figure_without_a_value_prints_its_reason_in_both_languages(survey: Survey) -> None:
    """Communities with too few built families have no diversity, and never a zero."""
    small = survey.similarities[1].model_copy(
        update={"d1": Undefined(reason="it takes at least 3 built cards, but there are 2")}
    )
    changed = survey.model_copy(update={"similarities": (survey.similarities[0], small)})

    english = report_of(changed)
    chinese = english.translations[0]

    cell = tables(english, "communities")[0].rows[1][5]
    assert (cell.text, cell.note) == (
        "undefined",
        "it takes at least 3 built cards, but there are 2",
    )
    other = tables(chinese, "communities")[0].rows[1][5]
    assert (other.text, other.note) == ("未定义", "至少需要 3 张构建成功的模型卡，但只有 2 张")


def places(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name} - UNITS


def test_both_languages_have_the_same_sentences_with_the_same_places() -> None:
    """No sentence is missing in one of them, and none drops a number."""
    assert ENGLISH.phrases.keys() == CHINESE.phrases.keys()
    assert {key: places(phrase) for key, phrase in ENGLISH.phrases.items()} == {
        key: places(phrase) for key, phrase in CHINESE.phrases.items()
    }


@pytest.mark.slow
def test_every_sentence_that_the_page_asks_for_exists_and_is_asked_for(survey: Survey) -> None:
    """A phrase that no page shows is a leftover; one that is missing would end the page."""
    asked: set[str] = set()
    phrases = dict(ENGLISH.phrases)

    class Listening(dict[str, str]):
        def __getitem__(self, key: str) -> str:
            asked.add(key)
            return phrases[key]

    language = Language(code="en", name="English", phrases=Listening(phrases), terms={}, reasons=())
    draw_all(survey, language)

    kept = ("unit", "units", "noun", "over", "weight")
    assert {key for key in phrases if key.split(".")[0] not in kept} - asked == set()


def draw_all(survey: Survey, language: Language) -> None:
    """Pages of every kind of zoo, so that each sentence is said once."""
    from polyculture.zoo.page.content import in_language

    def draw(one: Survey) -> None:
        in_language(one, language, other=CHINESE, title="", command="")

    many = survey.model_copy(
        update={
            "cards": 9_000,
            "communities": tuple(
                survey.communities[0].model_copy(update={"name": f"c{n}"}) for n in range(40)
            ),
            "joined": tuple((f"a{n}", "a") for n in range(1_001)),
            "places": survey.places * 7,
            "forests": tuple(
                one.model_copy(update={"parents": {f"p{n}": 1 for n in range(99)}})
                for one in survey.forests
            ),
        }
    )
    down = survey.model_copy(
        update={"trends": tuple(trend_with(t, -0.5, 0.01) for t in survey.trends)}
    )
    level = survey.model_copy(
        update={"trends": tuple(trend_with(t, 0.1, 0.7) for t in survey.trends)}
    )
    unsaid = survey.model_copy(
        update={
            "concentrations": (),
            "communities": (),
            "members": (),
            "trends": tuple(t.model_copy(update={"community": "x"}) for t in survey.trends[:1]),
        }
    )
    short = Undefined(reason="only 4 years have 5 cards or more")
    unknown = {"effective_first": short, "effective_last": short}
    brief = tuple(one.model_copy(update=unknown) for one in survey.histories)
    apart = survey.model_copy(update={"distances": (), "histories": brief})
    untested = survey.model_copy(
        update={
            "trends": tuple(
                t.model_copy(update={"p_value": Undefined(reason="none")}) for t in survey.trends
            )
        }
    )
    bare, hub = with_nothing_known(survey), without_architectures(survey)
    empty = bare.model_copy(update={"members": ()})
    for one in (survey, many, down, level, unsaid, apart, untested, bare, hub, empty):
        draw(one)


def trend_with(trend: Any, tau: float, p: float) -> Any:
    why = "too many halves of the cards have no value"
    return trend.model_copy(
        update={"tau": Known(number=tau, no_interval=why), "p_value": Known(number=p)}
    )


def test_the_chinese_page_says_everything_in_chinese(report: Report) -> None:
    """Names of families and technical terms stay; titles, heads and sentences do not."""
    chinese = report.translations[0]
    han = re.compile(r"[\u4e00-\u9fff]")

    said = [chinese.verdict, chinese.deck, *(answer.question for answer in chinese.answers)]
    said += [text for one in chinese.sections for text in (one.title, one.lead)]
    said += [table.caption for one in chinese.sections for table in tables(chinese, one.key)]
    assert [text for text in said if not han.search(text)] == []
    heads = {
        c.label for one in chinese.sections for t in tables(chinese, one.key) for c in t.columns
    }
    assert {label for label in heads if not han.search(label)} <= {"tau", "p"}
    assert chinese.language == "zh-CN"


@pytest.mark.slow
def test_each_page_links_to_the_other_by_a_relative_link(survey_written: Path) -> None:
    """The folder can be moved."""
    english = (survey_written / "report.html").read_text(encoding="utf-8")
    chinese = (survey_written / "report.zh-CN.html").read_text(encoding="utf-8")

    assert '<html lang="en">' in english
    assert 'href="report.zh-CN.html"' in english
    assert '<html lang="zh-CN">' in chinese
    assert 'href="report.html"' in chinese


@pytest.mark.slow
def test_both_pages_are_drawn_again_from_the_record_alone(
    survey_written: Path, tmp_path: Path
) -> None:
    """The same bytes, without the zoo and without the survey."""
    (tmp_path / "report.json").write_bytes((survey_written / "report.json").read_bytes())

    api.render(tmp_path)

    for path in survey_written.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_the_markdown_of_a_survey_reads_as_before(golden: Golden) -> None:
    """What people read is kept as a file; its diff is the review."""
    report = report_of(made_up_survey(40), command="polyculture survey transformers")
    fixed = {"version": "0.1.0"}

    golden("survey-english.md", to_markdown(steady(report.model_copy(update=fixed))))
    golden(
        "survey-chinese.md", to_markdown(steady(report.translations[0].model_copy(update=fixed)))
    )


def steady(report: Report) -> Report:
    """Without the version in its facts, which changes with each release."""
    return report.model_validate_json(
        re.sub(r'\["polyculture","[^"]*"\]', '["polyculture","0.1.0"]', report.model_dump_json())
    )


@pytest.mark.slow
def test_text_from_cards_never_becomes_part_of_the_page(hostile_survey: Survey) -> None:
    """Names, traits, communities and reasons are shown as they are; one script alone is ours."""
    report = report_of(hostile_survey, title="<script>x</script>", command="``` <script>")

    for one in (report, *report.translations):
        page = to_html(one)
        assert page.count("<script") == 1
        assert "</style><b>" not in page
        assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in page
        outside = to_markdown(one).replace("``` <script>", "")
        assert not re.search(r"(?<!\\)<script", outside)


@pytest.mark.slow
def test_a_page_of_550_families_takes_seconds(survey: Survey, tmp_path: Path) -> None:
    """Both languages, all charts drawn."""
    began = time.process_time()

    write_survey_report(tmp_path, survey)

    assert time.process_time() - began < 20  # of work; the machine may be busy with other things


@pytest.mark.slow
def test_five_thousand_rows_still_make_a_small_page(tmp_path: Path) -> None:
    """The most that a survey lists, with its tree."""
    write_survey_report(tmp_path, without_architectures(made_up_survey(5_000)))

    assert all(path.stat().st_size < LIMIT for path in tmp_path.glob("*.html"))


def test_numbers_are_never_nan_in_any_language(report: Report) -> None:
    """What has no value says why."""
    for one in (report, *report.translations):
        assert "nan" not in re.findall(r"[a-z]+", to_markdown(one).lower())
    assert coefficient(0.0) == "0.00"


@pytest.mark.slow
def test_every_chart_fits_the_schema_of_vega_lite(
    report: Report, charts_fit_their_schema: Callable[[str], int]
) -> None:
    """They are not checked as they are made, since that takes longer than all else of a page."""
    assert charts_fit_their_schema(report.model_dump_json()) > 5
