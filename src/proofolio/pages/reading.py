"""How learning curves read: whether training stopped too early, in time or too late."""

from collections.abc import Iterator

import pandas as pd

_RISES = 1.05  # times its lowest: a validation loss that has turned up, no wobble


def of_curves(table: pd.DataFrame) -> str:
    """Return what a configuration's curves show, seeds of one course together.

    Args:
        table: columns seed, epoch, train_loss and val_loss; a row per seed and epoch.
    """
    if not {"train_loss", "val_loss"} <= set(table) or table[["train_loss", "val_loss"]].isna().any(
        axis=None
    ):
        return ""
    return " ".join(_told(table))


def _told(table: pd.DataFrame) -> Iterator[str]:
    courses: dict[str, list[str]] = {}
    for seed, history in table.groupby("seed", sort=True):
        courses.setdefault(_course(history), []).append(str(seed))
    for course, seeds in courses.items():
        which = f"In seed{'s' if len(seeds) > 1 else ''} {', '.join(seeds)}"
        yield f"{'In every seed' if len(courses) == 1 else which} {course}."
    last = table.groupby("seed").last()
    if (last["train_loss"] > last["val_loss"]).all():
        yield (
            "Train loss ends above validation loss, as it does where augmentation, dropout or "
            "class weights act in training alone."
        )


def _course(history: pd.DataFrame) -> str:
    loss = history.sort_values("epoch")["val_loss"].to_numpy()
    falls = history["train_loss"].iloc[-1] <= history["train_loss"].iloc[0]
    if not falls:
        return "train loss does not fall: this configuration did not learn"
    if loss.argmin() == len(loss) - 1:
        return (
            "validation loss is lowest in the last epoch: it was still learning when training "
            "stopped, and more epochs might have helped"
        )
    if loss[-1] > _RISES * loss.min():
        return (
            "validation loss turns up again while train loss goes on falling, which is "
            "overfitting; the earlier epochs generalise better"
        )
    return "validation loss levels off before the end: more epochs would have brought little"
