"""The page of an audit in English and in Chinese: the same sentences, none of them left over."""

import ast
import dataclasses
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import polars as pl
import pytest

from polyculture import api, report
from polyculture.core import parts
from polyculture.core.audit import Audit, Contest, GroupResult, JointOutcome, Stratum
from polyculture.core.errors import PolycultureError, StoreError
from polyculture.core.report_input import ReportInput
from polyculture.core.run import ScoreTable
from polyculture.core.values import Known, Undefined
from polyculture.page.blocks import Report
from polyculture.page.html import to_html
from polyculture.page.interface import INTERFACE
from polyculture.page.markdown import to_markdown
from polyculture.page.write import read_report
from polyculture.report import write_report
from polyculture.report.content import in_language, report_of
from polyculture.report.language import Language
from polyculture.report.languages import CHINESE, ENGLISH
from polyculture.report.meanings import meaning_of, name_of

Make = Callable[..., ReportInput]
Golden = Callable[[str, str], None]
HAN = re.compile(r"[\u4e00-\u9fff]")
ENGLISH_WORDS = re.compile(r"\b[A-Za-z]?[a-z]+(?: [a-z]+){2,}\b")
"""Three words in a row or more."""
VIEWS = ("predictions", "architecture", "recipe", "head", "group")
EXPLAINED = {key.split(".")[1] for key in ENGLISH.phrases if key.startswith("measure.")}
UNEXPLAINED = [
    (view, name)
    for view in VIEWS
    for name in parts.names(f"measures.{view}")
    if name not in EXPLAINED
]
"""Measures that the page calls by their own names."""
IN_JOINT_OUTCOMES = frozenset({"all_fail", "all_correct", "outcome_homogenization"})
"""Measures whose meaning the page need not say: a table of their own holds them."""
NOTHING = Undefined(reason="no right answers (gold) are known")
FAILED = JointOutcome(
    observed=Known(number=0.03, no_interval="no resampling was asked for"),
    expected=Known(number=1e-9),
    ratio=Known(number=3e7, low=0.5, high=5e7),
    difference=Known(number=0.03),
)
NEVER = JointOutcome(
    observed=Known(number=0.0, low=0.0, high=0.01),
    expected=Known(number=0.001),
    ratio=Known(number=0.0),
    difference=Known(number=-0.001),
)


def places(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name}


def changed(content: ReportInput, **changes: Any) -> ReportInput:
    """The same with another audit."""
    return dataclasses.replace(content, audit=content.audit.model_copy(update=changes))


def without_gold(content: ReportInput) -> ReportInput:
    none = JointOutcome(observed=NOTHING, expected=NOTHING, ratio=NOTHING, difference=NOTHING)
    unknown = {"accuracy": NOTHING, "errors": None, "f1": NOTHING, "never_answered": ()}
    bare = changed(
        content,
        all_fail=none,
        all_correct=none,
        failures_by_count=(),
        group=(GroupResult(measure="effective_votes", view="predictions", value=NOTHING),),
        concordance=(),
        advice=(),
        settings={},
        models=tuple(one.model_copy(update=unknown) for one in content.audit.models),
    )
    return dataclasses.replace(bare, items=content.items.drop("failures"), asked={})


def contests(audit: Audit) -> tuple[Contest, ...]:
    a, b, c, *_ = (model.name for model in audit.models)
    rare, common = Known(number=0.0001), Known(number=0.5)
    made = ((a, b, rare), (a, c, common), (b, c, NOTHING))
    return tuple(
        Contest(a=one, b=other, a_only=5, b_only=2, p_value=common, p_corrected=p)
        for one, other, p in made
    )


def inputs(content: ReportInput) -> Iterator[ReportInput]:
    """Audits of every kind, so that each sentence is said once."""
    audit, items = content.audit, content.items
    yield content
    yield without_gold(dataclasses.replace(content, runs=(), command=""))
    yield changed(content, comparisons=(), clusterings=(), group=(), concordance=())
    yield changed(without_gold(content), comparisons=(), group=())
    documents = {**audit.settings, "resampled": "documents", "units": 33, "flag": True}
    small = Known(number=0.9)
    within = FAILED.model_copy(update={"ratio": small})
    others = {model.name: f"{model.name} 2" for model in audit.models}
    twelve = (*audit.models, *(m.model_copy(update={"name": others[m.name]}) for m in audit.models))
    answers = {f"answer: {new}": pl.col(f"answer: {old}") for old, new in others.items()}
    yield dataclasses.replace(
        changed(
            content,
            contests=contests(audit),
            settings={**documents, "flag": False},
            strata=tuple(
                Stratum(name=f"g{n}", items=n + 1, all_fail=audit.all_fail) for n in range(230)
            ),
            models=twelve,
            all_fail_within_strata=within,
            all_fail_within_gold=audit.all_fail,
            shared_refusals=2,
        ),
        items=items.with_columns(failures=pl.lit(12), **answers),
        shows_text=False,
    )
    never = [("a", "b", "c", "d"), (), (), (), (), ()]
    yield changed(
        content,
        contests=contests(audit),
        all_fail=FAILED,
        all_fail_within_gold=within,
        advice=audit.advice[:1] * 3,
        group=(
            GroupResult(measure="effective_votes", view="predictions", value=Known(number=6.2)),
            GroupResult(measure="all_fail", view="predictions", value=NOTHING),
        ),
        models=tuple(
            model.model_copy(update={"never_answered": names, "f1_kind": "entity_f1"})
            for model, names in zip(audit.models, never, strict=True)
        ),
        concordance=audit.concordance[1:],
    )
    pair = audit.models[:2]
    names = {model.name for model in pair}
    both = tuple(one for one in audit.comparisons if {one.a, one.b} <= names)
    yield changed(content, models=pair, group=(), comparisons=both, clusterings=(), concordance=())
    head = {"view": "head", "measure": "head_similarity"}
    never_failed = changed(
        content,
        all_fail=NEVER,
        failures_by_count=(*audit.failures_by_count[:-1], 0),
        comparisons=(audit.comparisons[0].model_copy(update=head),),
        group=(),
        settings={"resamples": 20, "flag": True},
    )
    yield dataclasses.replace(never_failed, items=items.with_columns(failures=pl.lit(0)))
    yield from more_inputs(content)


def more_inputs(content: ReportInput) -> Iterator[ReportInput]:
    """Many models, long texts, runs of several kinds."""
    audit, items = content.audit, content.items
    undecided = audit.all_fail.model_copy(update={"ratio": NOTHING})
    apart = [c.model_copy(update={"p_value": NOTHING}) for c in audit.concordance]
    reasons = iter(["one", "other"] * len(audit.comparisons))
    blank = [
        one.model_copy(update={"value": Undefined(reason=next(reasons))})
        if one.measure == "capa"
        else one
        for one in audit.comparisons
    ]
    many = changed(
        content,
        all_fail=undecided,
        concordance=tuple(apart),
        comparisons=tuple(blank * 5),
        models=audit.models * 11,
        clusterings=(),
    )
    yield dataclasses.replace(many, items=items.with_columns(failures=pl.lit(66), text=None))
    long = items.with_columns(failures=pl.lit(6), text=pl.lit("长" * 12_345))
    yield dataclasses.replace(content, items=long)
    yield from runs_of_several_kinds(content)


def runs_of_several_kinds(content: ReportInput) -> Iterator[ReportInput]:
    first, second, third, *others = content.runs
    tables = tuple(
        ScoreTable(name=name, title=f"every {name}", rows=({"label": "B"},))
        for name in ("types", "schemas", "tags", "languages")
    )
    tags = first.test.model_copy(update={"split": "other", "tables": tables})  # type: ignore[union-attr]
    likely = first.baselines[0].model_copy(update={"better": Known(number=0.6)})
    worse = first.baselines[0].model_copy(update={"better": Known(number=0.01), "model_only": 1})
    new = {"source": "new", "kind": "tfidf"}
    recipe = third.recipe.model_dump(mode="json") | {"base": new}
    runs = (
        first.model_copy(update={"test": tags, "baselines": (likely,)}),
        second.model_copy(update={"baselines": (worse, *second.baselines[1:])}),
        third.model_copy(
            update={
                "baselines": third.baselines[1:],
                "recipe": type(third.recipe).model_validate(recipe),
            }
        ),
        *others,
    )
    yield dataclasses.replace(content, runs=runs)
    reached = {run.name: run.test.headline().value for run in content.runs if run.test}
    models = tuple(
        model.model_copy(update={"accuracy": reached[model.name]}) for model in content.audit.models
    )
    yield changed(content, probe="test", models=models)


def test_both_languages_have_the_same_sentences_with_the_same_places() -> None:
    """No sentence is missing in one of them, and none drops a number."""
    assert ENGLISH.phrases.keys() == CHINESE.phrases.keys()
    assert {key: places(phrase) for key, phrase in ENGLISH.phrases.items()} == {
        key: places(phrase) for key, phrase in CHINESE.phrases.items()
    }
    english, chinese = INTERFACE["en"], INTERFACE["zh-CN"]
    assert {key: places(phrase) for key, phrase in english.items()} == {
        key: places(phrase) for key, phrase in chinese.items()
    }


@pytest.mark.slow
def test_every_sentence_that_the_page_asks_for_exists_and_is_asked_for(
    trained: ReportInput,
) -> None:
    """A phrase that no page shows is a leftover; one that is missing would end the page."""
    asked: set[str] = set()

    class Listening(dict[str, str]):
        def __getitem__(self, key: str) -> str:
            asked.add(key)
            return super().__getitem__(key)

    phrases = Listening(ENGLISH.phrases)
    language = Language(code="en", name="English", phrases=phrases, terms={}, reasons=())
    for content in inputs(trained):
        in_language(content, language, (language,))

    kept = ("noun", "number", "measure")
    assert {key for key in phrases if key.split(".")[0] not in kept} - asked == set()


def test_no_sentence_of_the_page_stands_in_the_code() -> None:
    """What the page says is in its catalogues: no text in the code has two words in a row."""
    found = []
    for path in sorted(Path(report.__file__).parent.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        found += [
            f"{path.name}: {node.value}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and id(node) not in told
            if isinstance(node.value, str) and re.search(r"[a-z] [a-z]", node.value)
        ]

    assert found == []


def strings(value: Any) -> Iterator[str]:
    """All texts within a record, keys left out."""
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from strings(one)
        case list():
            for one in value:
                yield from strings(one)
        case _:
            pass


def english_in(report: Report, data: set[str]) -> list[str]:
    """Words in a row that are left in English, apart from what came as data."""
    found = []
    for said in strings(report.model_dump(mode="json")):
        rest = said
        for known in sorted(data, key=len, reverse=True):
            rest = rest.replace(known, "")
        if ENGLISH_WORDS.search(rest):
            found.append(said)
    return found


@pytest.mark.slow
def test_the_chinese_page_of_real_answers_holds_no_english_sentence(tmp_path: Path) -> None:
    """Names, texts and groups of items are data; all that the audit itself says is in Chinese."""
    api.demo(tmp_path / "out", language="zh")
    chinese = read_report(tmp_path / "out")
    items = pl.read_parquet(tmp_path / "out" / "items.parquet")
    data = {str(text) for name in ("text", "group") for text in items[name]}
    data |= {meaning_of(view, name, CHINESE) for view, name in UNEXPLAINED}

    assert chinese.language == "zh-CN"
    assert HAN.search(chinese.verdict)
    assert english_in(chinese, data) == []


@pytest.mark.slow
def test_the_chinese_page_of_a_study_leaves_only_what_was_recorded_in_english(
    trained: ReportInput,
) -> None:
    """Notes on data and trainings stay in the language in which they were written down."""
    audit = trained.audit
    made_up = {advice.sentence for advice in audit.advice} | set(audit.notes)
    made_up |= {value.reason for c in audit.comparisons if (value := c.value).kind == "undefined"}
    made_up |= {value.reason for g in audit.group if (value := g.value).kind == "undefined"}
    made_up |= {note for run in trained.runs for note in run.facts.notes}
    made_up |= {group.note for group in audit.group} | {run.facts.stopped for run in trained.runs}
    tests = [baseline.better for run in trained.runs for baseline in run.baselines]
    made_up |= {value.reason for value in tests if value.kind == "undefined"}
    made_up |= {trained.title, trained.command, *trained.asked.values()}
    made_up |= {str(text) for text in trained.items["text"]}

    assert english_in(report_of(trained).translations[0], made_up) == []


@pytest.mark.slow
def test_titles_heads_and_questions_are_chinese(trained: ReportInput) -> None:
    """All but names and the signs of statistics."""
    chinese = report_of(trained).translations[0]

    said = [chinese.verdict, chinese.deck, *(answer.question for answer in chinese.answers)]
    said += [text for one in chinese.sections for text in (one.title, one.lead) if text]
    record = chinese.model_dump(mode="json")
    heads = {column["label"] for table in tables(record) for column in table["columns"]}
    said += [table["caption"] for table in tables(record)]
    assert [text for text in said if not HAN.search(text)] == []
    assert {label for label in heads if not HAN.search(label)} <= {"F1", "p"}


def tables(value: Any) -> Iterator[dict[str, Any]]:
    match value:
        case {"kind": "table"}:
            yield value
        case dict():
            for one in value.values():
                yield from tables(one)
        case list():
            for one in value:
                yield from tables(one)
        case _:
            pass


ADVICE = (
    "None of 1,200 items is failed by all 3 models.",
    "None of 12 items is failed by both models.",
    (
        "Both models fail on 1 of 12 items (8.3%); independent models of these accuracies would "
        "on 2.1%."
    ),
    (
        "All 7 models fail on 110 of 2,000 items (5.5%); independent models of these accuracies "
        "would on 0.01%, or on 0.07% if some right answers are harder for all. No vote or "
        "fallback among these models saves such items: send them elsewhere."
    ),
    (
        "All 3 models fail on 1 of 12 items (8.3%); independent models of these accuracies would "
        "on 2.1%. That is no more than chance may give."
    ),
    "north and south are the most alike (agreement 0.80): no more than chance may give.",
    "Two models settle nothing by a vote: every disagreement is a tie. Add a third.",
    ("The vote beats the best single model on held-out items by 2.0 points (+0.1 to +3.9): vote."),
    (
        "The vote loses to the best single model on held-out items by 2.0 points (-3.9 to -0.1): "
        "use north, the best one here, although it never answers 'a', 'b', 'c' and 2 more, alone."
    ),
    (
        "No pair clearly fails together less often than the others: one chosen on one half of the "
        "items shares failures on 5.0% of the other half, all pairs on 5.1% on average."
    ),
    ("Leaving north out makes the vote better, by 1.2 points on held-out items: vote without it."),
    (
        "north learned from 60 of the 400 items (15.0%): these texts are among the training rows. "
        "Its scores and its likeness here say little about new texts."
    ),
    (
        "Every model learned from 2 of the 400 items (0.5%): these texts are among the training "
        "rows."
    ),
    (
        "north: Its data changed since it was trained: what it learned from is known only as far "
        "as these rows are still there."
    ),
    (
        "2,000 items come from 1,132 documents (an item that names none is one of its own); "
        "intervals and tests take documents as wholes."
    ),
)


@pytest.mark.parametrize("sentence", ADVICE)
def test_what_an_audit_may_advise_is_said_in_chinese_with_its_numbers(sentence: str) -> None:
    """The names and every number of the sentence are carried over."""
    said = CHINESE.recorded(sentence)

    assert HAN.search(said)
    assert not ENGLISH_WORDS.search(said)
    numbers = re.findall(r"\d[\d,.]*\d|\d", sentence)
    assert sorted(re.findall(r"\d[\d,.]*\d|\d", said)) == sorted(numbers)
    assert ("north" in said) == ("north" in sentence)


def test_a_sentence_that_nobody_put_into_chinese_stays_as_it_was_recorded() -> None:
    """A reason of somebody else's measure is better read in English than not at all."""
    assert CHINESE.recorded("the moon was full") == "the moon was full"
    assert CHINESE.reason("the moon was full.") == "the moon was full"


@pytest.mark.parametrize("name", sorted(EXPLAINED))
def test_what_the_page_explains_is_a_measure_with_a_name_and_a_meaning(name: str) -> None:
    """A part that went takes its words with it. Why it has no interval is known as well."""
    view = next(view for view in VIEWS if name in parts.names(f"measures.{view}"))

    assert ENGLISH.has(f"measure.{name}")
    assert ENGLISH.has(f"measure.{name}.is") or name in IN_JOINT_OUTCOMES
    reason = parts.load(f"measures.{view}", name).no_interval
    assert HAN.search(CHINESE.reason(reason))


def test_a_measure_without_words_has_its_own_name_and_definition() -> None:
    """A part needs no entry in a catalogue, in either language."""
    phrases = {key: said for key, said in CHINESE.phrases.items() if "agreement" not in key}
    language = dataclasses.replace(CHINESE, phrases=phrases)

    assert name_of("agreement", language) == "Agreement"
    assert meaning_of("predictions", "agreement", language).startswith("Share of items")
    assert meaning_of("predictions", "phase_of_moon", language) == ""


@pytest.mark.slow
def test_each_page_links_to_the_other_by_a_relative_link(written: Path) -> None:
    """The folder can be moved."""
    english = (written / "report.html").read_text(encoding="utf-8")
    chinese = (written / "report.zh-CN.html").read_text(encoding="utf-8")

    assert '<html lang="en">' in english
    assert '<a href="report.zh-CN.html" lang="zh-CN" hreflang="zh-CN">中文</a>' in english
    assert '<html lang="zh-CN">' in chinese
    assert '<a href="report.html" lang="en" hreflang="en">English</a>' in chinese


@pytest.mark.slow
def test_the_markdown_of_a_study_in_chinese_reads_as_before(written: Path, golden: Golden) -> None:
    """What people read is kept as a file; its diff is the review."""
    text = (written / "report.zh-CN.md").read_text(encoding="utf-8")

    golden("report-study-chinese.md", text)


@pytest.mark.slow
def test_text_from_data_never_becomes_part_of_the_chinese_page(hostile: ReportInput) -> None:
    """Names, texts, gold and groups are shown as they are."""
    report = report_of(hostile, (CHINESE,))
    page, text = to_html(report), to_markdown(report)

    assert "<script" not in page
    assert "</style><b>" not in page
    assert not re.search(r"(?<!\\)<script", text.replace("``` <script>", ""))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "names"),
    [("en", {"report.html", "report.md"}), ("zh", {"report.zh-CN.html", "report.zh-CN.md"})],
)
def test_a_page_in_one_language_links_to_no_other(
    make: Make, tmp_path: Path, language: str, names: set[str]
) -> None:
    """What was not asked for is neither written nor named."""
    write_report(tmp_path, make(), language)

    assert {path.name for path in tmp_path.iterdir()} == {*names, "report.json"}
    record = read_report(tmp_path)
    assert (record.links, record.translations) == ((), ())
    assert api.page_name(language) in names


def test_a_language_that_no_page_speaks_is_refused_before_anything_is_compared(
    tmp_path: Path,
) -> None:
    """It says which there are, and no folder is left."""
    with pytest.raises(PolycultureError, match="A page speaks 'en' or 'zh', got 'fr'"):
        api.demo(tmp_path / "out", language="fr")

    assert list(tmp_path.iterdir()) == []


def test_one_language_is_drawn_again_or_brought_elsewhere(written: Path, tmp_path: Path) -> None:
    """A page that stands alone links to no other, and its record may lack a language."""
    page = api.render(written, tmp_path / "page.html", language="zh")
    text = api.render(written, tmp_path / "text.md", language="zh")

    assert '<html lang="zh-CN">' in page.read_text(encoding="utf-8")
    assert "hreflang" not in page.read_text(encoding="utf-8")
    assert text.read_bytes() == (written / "report.zh-CN.md").read_bytes()
    alone = read_report(written).model_copy(update={"translations": ()})
    (tmp_path / "report.json").write_text(alone.model_dump_json(), encoding="utf-8")
    with pytest.raises(StoreError, match=r"report\.json holds no page in 'zh'\. Make the audit"):
        api.render(tmp_path, language="zh")


def test_only_the_language_that_is_asked_for_is_drawn_again(written: Path, tmp_path: Path) -> None:
    """The other drawings of the folder stay."""
    (tmp_path / "report.json").write_bytes((written / "report.json").read_bytes())

    assert api.render(tmp_path, language="zh") == tmp_path / "report.zh-CN.html"

    drawn = {path.name for path in tmp_path.iterdir()}
    assert drawn == {"report.json", "report.zh-CN.html", "report.zh-CN.md"}
