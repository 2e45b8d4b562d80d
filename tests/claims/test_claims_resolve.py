import pytest
from claims.claimed import metric, put, run, write_evidence

from proofolio import claims
from proofolio.claims import render
from proofolio.claims.resolve import Bound
from proofolio.contract import ClaimError, Layout


@pytest.fixture
def resolve(tmp_path):
    return claims.Resolve(Layout(write_evidence(tmp_path)))


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("run:net-s1-abc test.auroc .3f ci", "0.974 (95% CI 0.961-0.981)"),
        ("run:net-s1-abc wall_seconds .0f", "192"),
        ("config:net test.auroc .3f ci n", "0.972 (95% CI 0.961-0.981; n = 624 of 250 units)"),
        ("config:net val.auroc .2f", "0.91"),
        ("config:net val.auroc .2f ci", "0.91 (95% CI not measured)"),  # no seed_mean of val
        ("config:prior val.auroc", "0.5"),
        ("config:prior test.auroc .3f ci", "not measured"),
        ("config:net model.parameters ,.0f", "1,234,567"),
        ("config:net model.name", "net"),
        ("model:champion test.auroc .1f ci pct", "97.4% (95% CI 96.1-98.1)"),
        ("model:champion tags", "candidate"),
        ("result:gain value .3f ci", "0.010 (95% CI -0.003 to 0.023)"),
        ("result:by_site table.north_west.auroc .2f ci", "0.90 (95% CI 0.80-0.95)"),
        ("result:by_site table.1.auroc .2f", "not measured"),
        ("reference:kermany value .3f", "0.968"),
        ("dataset n_examples ,", "5,856"),
        ("dataset license", "CC BY 4.0 &lt;!--x--&gt;"),
        ("split:primary seed", "3"),
        ("audit:shortcut statistic .2f ci", "0.71 (95% CI 0.70-0.72)"),
    ],
)
def test_a_claim_prints_what_is_recorded(resolve, claim, expected):
    bound = claims.bind(f"It is <!--claim {claim}-->old<!--/claim-->.", resolve)
    assert bound == f"It is <!--claim {claim}-->{expected}<!--/claim-->."


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ("run:nobody test.auroc", "unknown run 'nobody'"),
        ("config:nobody val.auroc", "unknown configuration 'nobody'"),
        ("model:nobody test.auroc", "unknown registered model"),
        ("result:nothing value", "unknown result"),
        ("reference:nobody value", "unknown reference"),
        ("split:nothing seed", "unknown split"),
        ("audit:nothing statistic", "unknown audit check"),
        ("dataset n_exampels", "no 'n_exampels'"),
        ("run:net-s1-abc test.aurocc", "no 'test.aurocc'"),
        ("run:net-s1-abc metrics.test", "is a group"),
        ("config:net id", "differs between the seeds"),
        ("result:by_site table.east.auroc", "0 rows 'east'"),
        ("result:by_site table.south.f1", "no column 'f1'"),
        ("dataset license .3f", "format '.3f' does not fit"),
    ],
)
def test_an_unknown_subject_path_or_format_is_refused(resolve, claim, message):
    with pytest.raises(ClaimError, match=message):
        claims.bind(f"It is <!--claim {claim}-->old<!--/claim-->.", resolve)


def test_a_missing_measurement_is_never_blank_or_zero(tmp_path):
    resolve = claims.Resolve(Layout(tmp_path))
    assert claims.text(resolve.value("config:any", "test.auroc"), ".3f", ("ci",)) == "not measured"
    put(tmp_path / "evidence" / "contract.json", {})
    assert resolve.value("model:champion", "test.auroc") == claims.MISSING
    assert resolve.value("result:confusion_test", "value") == claims.MISSING


def test_a_planned_configuration_without_a_run_is_not_measured(tmp_path):
    root = write_evidence(tmp_path)
    put(root / "project.yaml", {"ladder": [{"name": "later"}], "metric": {"primary": "auroc"}})
    resolve = claims.Resolve(Layout(root))
    assert resolve.value("config:later", "val.auroc") == claims.MISSING
    with pytest.raises(ClaimError, match="unknown configuration"):
        resolve.value("config:never", "val.auroc")


def test_runs_of_an_older_config_under_the_same_name_are_not_averaged_in(tmp_path):
    root = write_evidence(tmp_path)
    newer = run("net", 0, metric(0.8), config_sha256="changed", finished="2026-02-01T00:00:00Z")
    newer["id"] = "net-s0-def"
    put(root / "evidence" / "runs" / newer["id"] / "run.json", newer)
    assert claims.Resolve(Layout(root)).value("config:net", "val.auroc").value == 0.8


def test_ladder_names_every_configuration_marks_the_chosen_and_shows_seed_spread(tmp_path):
    root = write_evidence(tmp_path)
    page = root / "README.md"
    page.write_text("# T\n\n<!--claims ladder-->\n<!--/claims-->\n", encoding="utf-8")
    assert claims.write(root) == 1
    lines = page.read_text(encoding="utf-8").splitlines()
    assert lines[4].startswith("| Rung | Configuration | val AUROC | seeds")
    assert lines[6].startswith("| prior | `prior` | 0.500 (95% CI not measured) | 1 | not measured")
    assert "**`net` (chosen)** | 0.910" in lines[7]
    assert "2 (0.900-0.920) | 0.972 (95% CI 0.961-0.981) | 1,234,567 | 3 min 12 s |" in lines[7]


def test_a_result_table_joins_intervals_to_their_value(tmp_path):
    root = write_evidence(tmp_path)
    page = root / "README.md"
    page.write_text("<!--claims by_site-->\n<!--/claims-->\n", encoding="utf-8")
    claims.write([page])
    text = page.read_text(encoding="utf-8")
    assert "| site | auroc |\n| --- | ---: |\n" in text
    assert "| north west | 0.900 (95% CI 0.800-0.950) |" in text
    assert "| south | not measured |" in text


def test_columns_of_a_table_come_in_their_usual_order_whatever_json_did_to_it():
    rows = [
        {"actual": name, "n": 2, "sick": 1, "healthy": 1, "share_sick": 0.5, "share_healthy": 0.5}
        for name in ("healthy", "sick")
    ]
    header = claims.result_table({"kind": "confusion", "table": rows}).splitlines()[0]
    assert header == "| actual | n | healthy | sick | share healthy | share sick |"
    rows = [{"auroc": 0.5, "n": 3, "note": "", "slice": "all", "zeta": 1.0}]
    header = claims.result_table({"kind": "slice_table", "table": rows}).splitlines()[0]
    assert header == "| slice | n | auroc | zeta |"
    rows[0]["note"] = "one class"
    named = {"kind": "slice_table", "table": rows, "parameters": {"columns": ["slice", "zeta"]}}
    assert claims.result_table(named).startswith("| slice | zeta | n | auroc | note |")


def test_text_cannot_break_a_table_or_open_a_comment():
    rows = [{"site": "a|b\n<!--claim dataset n-->"}]
    table = claims.result_table({"kind": "x", "table": rows})
    assert table.splitlines()[2] == "| a\\|b &lt;!--claim dataset n--&gt; |"


def test_signed_bounds_are_joined_by_a_word():
    bound = Bound(0.0023, 0.0006, 0.0047, 0.95)
    assert render.text(bound, "+.4f", ("ci",)) == "+0.0023 (95% CI +0.0006 to +0.0047)"


def test_a_result_that_waits_for_runs_is_not_measured(tmp_path):
    root = write_evidence(tmp_path)
    listed = [
        {"name": "ahead", "kind": "paired_difference", "config": "later", "versus": "net"},
        {"name": "beside", "kind": "paired_difference", "config": "net", "versus": "later"},
        {"name": "opened", "kind": "slice_table", "config": "prior", "part": "test"},
        {"name": "forgotten", "kind": "slice_table", "config": "net", "part": "test"},
    ]
    ladder = [{"name": name} for name in ("prior", "net", "later")]
    put(root / "project.yaml", {"ladder": ladder, "results": listed})
    resolve = claims.Resolve(Layout(root))
    for name in ("ahead", "beside", "opened"):
        assert resolve.value(f"result:{name}", "table.all.difference") == claims.MISSING
    with pytest.raises(ClaimError, match="unknown result 'forgotten'"):  # its runs are there
        resolve.value("result:forgotten", "value")
