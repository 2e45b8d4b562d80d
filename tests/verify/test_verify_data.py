import builders
import pandas as pd
from verify.proven import edit_json, rehash_split, rehash_table

from proofolio import files, project, splits, table, verify
from proofolio.contract import Layout


def rules(root):
    return {problem.rule for problem in verify.run(root).problems}


def parts_of(root):
    path = Layout(root).split("primary") / "parts.csv"
    return path, pd.read_csv(path, dtype=str, keep_default_na=False)


def test_sound_evidence_has_no_problem(root, unopened):
    assert verify.run(root).problems == []


def test_sound_evidence_before_any_run_has_no_problem(runless):
    assert verify.run(runless).problems == []


def test_no_evidence_is_a_problem_not_a_pass(tmp_path):
    (problem,) = verify.run(tmp_path).problems
    assert "no evidence" in problem.what


def test_a_patient_in_two_parts(runless):
    path, parts = parts_of(runless)
    first = parts.index[parts["part"] == "test"][0]
    parts.loc[first, "part"] = "train"
    files.write_text(path, parts.to_csv(index=False, lineterminator="\n"))
    rehash_split(runless)
    report = verify.run(runless)
    assert {p.rule for p in report.problems} == {"1"}
    assert parts.loc[first, "id"].split("_")[0] in str(report.problems[0])


def test_a_copied_image_across_parts_that_duplicates_csv_conceals(runless):
    _, parts = parts_of(runless)
    hashes = pd.read_parquet(Layout(runless).hashes)
    one = parts.loc[parts["part"] == "train", "id"].iloc[0]
    other = parts.loc[parts["part"] == "test", "id"].iloc[0]
    content = hashes.loc[hashes["id"] == one, "content"].iloc[0]
    hashes.loc[hashes["id"] == other, "content"] = content
    files.write_parquet(Layout(runless).hashes, hashes)
    rehash_table(runless)
    found = verify.run(runless).problems
    assert {p.rule for p in found} == {"1"}
    assert any("not listed" in p.what for p in found)
    assert any("test+train" in p.what and one in p.what and other in p.what for p in found)


def test_a_listed_duplicate_that_clusters_ignore(runless):
    layout = Layout(runless)
    frame = pd.read_parquet(layout.hashes)
    a, b = frame["id"].iloc[0], frame["id"].iloc[5]
    codes = frame.set_index("id")["perceptual"]
    distance = (int(codes[a], 16) ^ int(codes[b], 16)).bit_count()
    files.write_text(layout.duplicates, f"a,b,kind,distance\n{a},{b},near,{distance}\n")
    (problem,) = verify.run(runless).problems
    assert problem.rule == "1" and "stand in 2 clusters" in problem.what


def test_a_false_distance(runless):
    layout = Layout(runless)
    frame = pd.read_parquet(layout.hashes)
    pair = f"{frame['id'].iloc[0]},{frame['id'].iloc[1]}"
    files.write_text(layout.duplicates, f"a,b,kind,distance\n{pair},near,64\n")
    assert rules(runless) == {"hashes"}


def test_a_changed_parts_file(root):
    path, parts = parts_of(root)
    parts.loc[0, "part"] = "excluded"
    files.write_text(path, parts.to_csv(index=False, lineterminator="\n"))
    report = verify.run(root)
    assert {p.rule for p in report.problems} == {"hashes"}
    assert "parts_sha256" in report.problems[0].what


def test_a_changed_parts_file_whose_hashes_were_forged(root):
    path, parts = parts_of(root)
    cluster = parts.loc[parts["part"] == "test", "id"].iloc[0].split("_")[0]
    parts.loc[parts["id"].str.startswith(cluster), "part"] = "val"
    files.write_text(path, parts.to_csv(index=False, lineterminator="\n"))
    rehash_split(root)
    assert "2" in rules(root)


def test_a_changed_label_and_a_wrong_count(runless):
    layout = Layout(runless)
    examples = pd.read_parquet(layout.examples)
    examples.loc[0, "label"] = "sick"
    files.write_parquet(layout.examples, examples)
    found = verify.run(runless).problems
    assert {p.rule for p in found} == {"hashes"}
    assert any("membership_sha256" in p.what for p in found)
    assert any("label_counts" in p.what for p in found)


def test_a_changed_content_hash(runless):
    layout = Layout(runless)
    hashes = pd.read_parquet(layout.hashes)
    hashes.loc[0, "content"] = "f" * 64
    files.write_parquet(layout.hashes, hashes)
    assert rules(runless) == {"hashes"}


def test_a_demonstration_split_may_cross_and_its_runs_may_not_be_promoted(runless):
    layout = Layout(runless)
    source = layout.split("primary")
    parts = pd.read_csv(source / "parts.csv", dtype=str, keep_default_na=False)
    parts.loc[0, "part"] = "test" if parts.loc[0, "part"] != "test" else "train"
    shown = layout.split("by_image")
    files.write_text(shown / "parts.csv", parts.to_csv(index=False, lineterminator="\n"))
    info = files.read_json(source / "split.json")
    info |= {"name": "by_image", "purpose": "demonstration"}
    info |= {"parts_sha256": files.sha256_file(shown / "parts.csv")}
    files.write_json(shown / "split.json", info)
    assert verify.run(runless).problems == []
    edit_json(shown / "split.json", lambda value: value.update(purpose="robustness"))
    assert rules(runless) == {"1"}


def test_look_alikes_across_parts_that_only_pictures_settle_are_noted(runless):
    _, parts = parts_of(runless)
    hashes = pd.read_parquet(Layout(runless).hashes).set_index("id")
    one = parts.loc[parts["part"] == "train", "id"].iloc[0]
    other = parts.loc[parts["part"] == "test", "id"].iloc[0]
    hashes.loc[other, "perceptual"] = hashes.loc[one, "perceptual"]
    files.write_parquet(Layout(runless).hashes, hashes.reset_index())
    report = verify.run(runless)
    assert report.problems == []
    assert any("1 pair(s) across parts" in note for note in report.notes)


def test_what_prepare_and_split_write_is_in_order_and_the_copy_they_joined_is_seen(tmp_path):
    root = builders.write_project(tmp_path / "p")
    layout, author = Layout(root), project.load(root)
    frame = builders.image_frame(root / "data" / "raw", units=20)
    raw = root / "data" / "raw"
    (raw / frame["path"].iloc[0]).write_bytes((raw / frame["path"].iloc[30]).read_bytes())
    prepared = table.prepare(frame, layout, author, progress=False)
    splits.write(layout, splits.make(prepared, author.primary_split))
    assert verify.run(root).problems == []
    listed = layout.duplicates.read_text().splitlines()
    layout.duplicates.write_text(listed[0] + "\n")
    assert any("not listed" in p.what for p in verify.run(root).problems)
