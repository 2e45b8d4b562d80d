"""The YAML at the top of a model card, with a `model-index` that the Hugging Face hub reads."""

from proofolio.figures import Facts, words

_TASKS = {"image": "image-classification", "events": "tabular-classification"}


def block(facts: Facts) -> str:
    """Return the front matter between its `---` lines; no network is asked."""
    from huggingface_hub import ModelCardData

    project, run = facts.project, facts.chosen
    tags = ["proofolio", *(["demo-data", "not-for-use"] if project.demo_data else [])]
    data = ModelCardData(
        language="en",
        license=project.license.lower(),
        tags=tags,
        pipeline_tag=_TASKS[project.kind],
        model_name=project.name,
        metrics=_names(facts) or None,
        eval_results=_results(facts) or None,
        base_model=_hub_name(run.model.weights_source if run and run.model else None),
    )
    return f"---\n{data.to_yaml(line_break=chr(10)).rstrip()}\n---\n"


def _names(facts: Facts) -> list[str]:
    """Metrics of the chosen run on the part that speaks, the primary first, without `_raw`."""
    measured = facts.chosen.metrics.get(facts.part, {}) if facts.chosen else {}
    found = [n for n in measured if not n.endswith("_raw") and measured[n].value is not None]
    return sorted(found, key=lambda name: (name != facts.metric, name))


def _results(facts: Facts) -> list:
    from huggingface_hub import EvalResult

    project, part = facts.project, facts.part
    return [
        EvalResult(
            task_type=_TASKS[project.kind],
            task_name=f"{project.kind} classification",
            dataset_type=project.package,
            dataset_name=project.data.name,
            dataset_split={"val": "validation"}.get(part, part),
            dataset_revision=project.data.version,
            metric_type=name,
            metric_name=f"{words.metric(name)} on {words.part(part)}",
            metric_value=round(facts.chosen.metrics[part][name].value, 4),
        )
        for name in _names(facts)
    ]


def _hub_name(source: str | None) -> str | None:
    """Return `owner/name` where the weights come from the hub; other sources are no hub names."""
    return source if source and source.count("/") == 1 and ":" not in source else None
