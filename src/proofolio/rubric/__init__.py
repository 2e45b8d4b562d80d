"""The rubric: criteria as data, checks that read an untrusted repository, grades and reports.

Scope: grade any repository that holds a deep-learning project, with or without the evidence
contract. It trains nothing, and runs nothing of a graded repository unless told to (`execute`).
Recomputation is `proofolio.verify`'s; here its findings become criteria and gates.

- `criteria`: the rubric itself, from `criteria.yaml`
- `tree`, `parsing`, `history`, `proof`: files, texts, commits and evidence, read within limits
- `subject`, `checks`, `outcome`, `rules`, `reasons`: what is asked of them, and what was found
- `grade`, `answers`, `cohort`, `workers`, `cache`, `execute`, `command`: points, gates, cohorts
- `report`: terminal, Markdown, HTML, CSV; `reviewing`: the static criteria for repo-review
"""
