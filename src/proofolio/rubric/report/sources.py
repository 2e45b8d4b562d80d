"""The works that ask what the rubric asks: what each short name in criteria.yaml stands for."""

SOURCES = {
    "CLAIM 2024": (
        "Tejani et al. (2024), Checklist for Artificial Intelligence in Medical Imaging: 2024 "
        "update",
        "https://doi.org/10.1148/ryai.240300",
    ),
    "Datasheets for datasets": (
        "Gebru et al. (2021), Datasheets for datasets",
        "https://doi.org/10.1145/3458723",
    ),
    "Kapoor and Narayanan": (
        "Kapoor and Narayanan (2023), Leakage and the reproducibility crisis in machine-learning-"
        "based science; the word after the colon is their type of leakage",
        "https://doi.org/10.1016/j.patter.2023.100804",
    ),
    "ML Test Score": (
        "Breck et al. (2017), The ML Test Score: a rubric for ML production readiness and "
        "technical debt reduction",
        "https://doi.org/10.1109/BigData.2017.8258038",
    ),
    "Model cards": (
        "Mitchell et al. (2019), Model cards for model reporting",
        "https://doi.org/10.1145/3287560.3287596",
    ),
    "NeurIPS checklist": (
        "NeurIPS paper checklist",
        "https://neurips.cc/public/guides/PaperChecklist",
    ),
    "Papers with Code checklist": (
        "ML code completeness checklist of Papers with Code",
        "https://github.com/paperswithcode/releasing-research-code",
    ),
    "REFORMS": (
        "Kapoor et al. (2024), REFORMS: consensus-based recommendations for machine-learning-based "
        "science",
        "https://doi.org/10.1126/sciadv.adk3452",
    ),
    "TRIPOD+AI": (
        "Collins et al. (2024), TRIPOD+AI statement: updated guidance for reporting clinical "
        "prediction models",
        "https://doi.org/10.1136/bmj-2023-078378",
    ),
    "WCAG 2.2": (
        "Web Content Accessibility Guidelines 2.2",
        "https://www.w3.org/TR/WCAG22/",
    ),
    "tuning playbook": (
        "Google Research, Deep learning tuning playbook",
        "https://github.com/google-research/tuning_playbook",
    ),
}
LEAKS = "Kapoor and Narayanan"


def work(source: str) -> str:
    """Return the short name of the work that a criterion's source names: what is before a colon."""
    return source.split(":")[0].strip()
