"""Every benchmark runs, at a size that takes seconds, and the page is what the results give."""

import re
import sys
from pathlib import Path

import pytest

from proofolio import files

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def bench(tmp_path, monkeypatch):
    """Import from bench/, run one round, and keep the committed results as they are."""
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    monkeypatch.setattr(sys, "argv", ["bench"])
    import run

    monkeypatch.setattr(run, "RESULTS", tmp_path)
    monkeypatch.setattr(run, "ROUNDS", 1)
    return run


def rows_of(folder, name):
    """Return the rows that a benchmark wrote, after looking at what stands beside them."""
    report = files.read_json(folder / f"{name}.json")
    assert report["how"].startswith(f"python bench/{name}.py")
    assert report["hardware"]["cores"] >= 1 and report["versions"]["python"]
    assert len((folder / f"{name}.csv").read_text().splitlines()) == len(report["rows"]) + 1
    return report["rows"]


def test_spine(tmp_path):
    import spine

    spine.main(split=(600,), interval=(300,), hashes=(400,))
    rows = rows_of(tmp_path, "spine")
    assert len(rows) == 6 and all(row["ratio"] > 0 for row in rows)
    assert all(row["worst_share"] < 5 for row in rows[:2])


def test_events(tmp_path, monkeypatch):
    import events

    monkeypatch.setattr(events, "live_features", lambda: {"name": "live"})  # has a size of its own
    events.main(worlds=(12,), rows=(4_000,))  # asserts that ours equals both peers
    assert len(rows_of(tmp_path, "events")) == 4


def test_finetune(tmp_path, monkeypatch):
    import finetune

    monkeypatch.setattr(finetune, "MODEL", "test_efficientnet")
    finetune.main(numbers=(6,), size=32, batch=3)
    rows = rows_of(tmp_path, "finetune")
    assert [row["name"].split(",")[0] for row in rows][:3] == ["fine-tuning"] * 2 + [
        "frozen features"
    ]
    assert 0 <= rows[3]["right"] <= 1 and 0 <= rows[3]["right_float32"] <= 1


def test_door_reads_the_stages_that_a_project_prints(tmp_path, monkeypatch):
    import door

    monkeypatch.setattr(door, "copied", lambda folder, kind: None)
    printed = [("prepare", 1.0), ("train", 2.0), ("cards", 0.5), ("pages", 9.0)]
    monkeypatch.setattr(door, "stages", lambda folder: printed)
    door.main(kinds=("image",))
    rows = rows_of(tmp_path, "door")
    # start-up is what is left of the wall time: nothing was run here, so it takes the stages away
    assert rows[0]["seconds"] == pytest.approx(3.5 - 12.5, abs=0.2)
    assert door.STAGE.findall("noise\n[cards: 13.4 s]\n") == [("cards", "13.4")]


def test_serving_images(tmp_path, monkeypatch):
    """A small network behind the real command: nothing lost, nothing mixed up, refusals quick."""
    import serving_images

    monkeypatch.syspath_prepend(str(ROOT / "tests" / "service"))
    import pictures_support

    folder = tmp_path / "work" / "serving"
    folder.mkdir(parents=True)
    pictures_support.export(folder)
    monkeypatch.setattr(serving_images, "PICTURES", 6)
    given = (serving_images.CASE, tmp_path, (1, 4, 16), 48, ((90, 120), (900, 1200)))
    rows = {row["name"]: row for row in serving_images.measured(*given)}
    loads = [row for row in rows.values() if "clients" in row]
    assert len(loads) == 7 and not any(row["failed"] for row in loads)
    assert not any(rows[f"{n} client{'s' * (n > 1)}"]["told_to_come_back"] for n in (1, 4, 16))
    flood = rows["more clients than places"]
    refused = [row for name, row in rows.items() if name.startswith("refused: ")]
    assert len(refused) == 6 and all(row["requests"] for row in refused)
    assert flood["told_to_come_back"] == rows["refused: no place"]["requests"]
    assert max(row["median_ms"] for row in refused) < 1000
    assert loads[-1]["memory_mb"] < loads[0]["memory_mb"] + 400


def test_an_answer_of_another_picture_would_be_seen(monkeypatch):
    import serving_images
    from serving_images import Picture

    told = {"results": [{"id": "a", "probabilities": {"x": 0.2, "y": 0.8}}], "degraded": False}
    monkeypatch.setattr(serving_images, "post", lambda *_: (200, serving_images.json.dumps(told)))
    off = [
        serving_images._asked(None, Picture(b"", id, serving_images.np.array(p))).off
        for id, p in (("a", [0.2, 0.8]), ("a", [0.3, 0.7]), ("b", [0.2, 0.8]))
    ]
    assert off == [0.0, pytest.approx(0.1), float("inf")]


def test_a_round_that_is_remembered_would_be_seen(bench):
    import time

    known = set()

    def remembers():
        if not known:
            time.sleep(0.05)
        known.add(1)

    row = bench.compare("x", remembers, lambda: time.sleep(0.05), "y", rounds=3)
    assert row["ratio"] > 10  # a memory shows as speed: benchmarks change their input each round


def test_one_run_of_a_peer_serves_all_rows_of_a_round(bench, monkeypatch):
    runs = []
    works = {name: lambda name=name: runs.append(name) for name in ("a", "b")}
    peers = {"x": (lambda: runs.append("x"), 0.5), "y": (lambda: runs.append("y"), 1.0)}
    rows = bench.race(works, peers, rounds=2, size=5)
    assert runs == ["a", "b", "x", "y"] * 2
    assert [(row["name"], row["peer"]) for row in rows] == [*zip("aabb", "xyxy", strict=True)]
    assert {(row["rounds"], row["size"]) for row in rows} == {(2, 5)}
    monkeypatch.setattr(bench, "LONG", -1.0)  # any peer takes too long for another round
    assert bench.compare("a", works["a"], peers["x"][0], "x", rounds=3)["rounds"] == 1


def test_rows_before_a_failure_are_kept_and_marked(bench, tmp_path):
    def rows():
        yield {"name": "first", "seconds": 1.0}
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.write("spine", rows(), "python bench/spine.py")
    report = files.read_json(tmp_path / "spine.json")
    assert report["unfinished"] and [row["name"] for row in report["rows"]] == ["first"]

    import page

    assert "rows are missing" in "\n".join(page.section("T", report))


def test_a_failing_benchmark_stops_no_other(bench, tmp_path, monkeypatch, capsys):
    for name, text in (("one", "raise SystemExit(3)"), ("two", "print('ran')"), ("page", "")):
        (tmp_path / f"{name}.py").write_text(text + "\n")
    monkeypatch.setattr(bench, "HERE", tmp_path)
    monkeypatch.setattr(bench, "BENCHMARKS", {"one": False, "two": True})
    with pytest.raises(SystemExit, match="did not finish: one;"):
        bench.main()
    told = capsys.readouterr().out
    assert "[one: 0 s, exit status 3]" in told and "[two: 0 s]" in told


def test_the_page_is_what_the_results_give():
    import page

    assert page.PAGE.read_text(encoding="utf-8") == page.text(), "run: python bench/page.py"


def test_the_page_names_what_misses_its_aim_and_how_time_grows():
    import page

    rows = [
        {"name": f"near-duplicates, {size:,} hashes", "size": size, "seconds": size / 100,
         "ratio": ratio, "aim": 1}
        for size, ratio in ((1000, 0.5), (10_000, 3.0))
    ]  # fmt: skip
    (first, _) = page.missed(rows)
    assert "near-duplicates, 1,000 hashes. All pairs" in first and "10,000" not in first
    assert page.growth(rows) == [("near-duplicates", pytest.approx(1.0))]
    assert page.missed([rows[1]]) == []
    hardware = {"machine": "x", "cores": 2, "load_before": 7.0}
    report = {"rows": rows, "hardware": hardware, "how": "it", "versions": {"a": "1"}}
    assert "Load 7.0 before the start" in "\n".join(page.section("T", report))


def test_the_page_says_at_a_glance_where_we_are_ahead():
    import page

    rows = [
        {
            "name": f"grouped split, {size:,} rows",
            "size": size,
            "seconds": 1.0,
            "peer": "p",
            "ratio": ratio,
            "aim": 20,
        }
        for size, ratio in ((1_000, 19.0), (10_000, 31.0))
    ] + [{"name": "one repository, start-up included", "seconds": 1.0, "peer": "q", "ratio": 0.4}]
    lines = page.summary({"spine": {"rows": [*rows, {"name": "alone", "seconds": 1.0}]}})
    assert "| grouped split | 10,000 rows | p | **31** | 20 | at 1 of 2 sizes |" in lines
    assert "| one repository, start-up included |  | q | **0.4** | ahead | no |" in lines
    assert not any("alone" in line for line in lines)
    assert "missed at some size: grouped split; one repository" in "\n".join(lines)


def test_every_column_of_the_page_has_a_name_of_its_own():
    import page

    for path in sorted(page.RESULTS.glob("*.json")):
        for row in files.read_json(path)["rows"]:
            for key in set(row) - set(page.COLUMNS) - page.HIDDEN:
                assert not re.search("_(ms|mb|p9|less)", f"_{key}"), f"{key}: name it in COLUMNS"
