"""The loop itself: one plain pass over epochs and steps, on accelerate."""

import math
import time
from typing import Any

import numpy as np
import torch
from torch import nn

from proofolio import files
from proofolio.contract import RunError
from proofolio_torch import data, export, parallel, predict, tracking
from proofolio_torch.job import BEST, Job, Outcome
from proofolio_torch.progress import Display
from proofolio_torch.state import Interrupts, Progress, Store


class Trainer:
    """One attempt to train a job with a given (global) micro-batch."""

    def __init__(self, job: Job, micro: int) -> None:
        self.job, self.micro = job, micro
        self.batches = data.EpochBatches(
            len(job.train), job.plan.batch, micro, job.seed, job.sample_weights
        )
        self.total = job.plan.epochs * self.batches.steps
        self.accelerator = parallel.accelerator(job.runtime.device, log_with=tracking.asked())
        self.accelerator.gradient_accumulation_steps = job.plan.batch // micro
        self.compiled = not data.makes_batches(job.train) and job.recipe.compiles(
            len(job.train) * job.plan.epochs
        )
        self._prepare()
        self.store = Store(job.folder, job.fingerprint())
        self.progress = self.store.read()
        if self.progress is None:
            self.progress = Progress()
        elif not self.progress.finished:
            self.store.load(self.accelerator)
        self.first_second = self.progress.seconds
        self.last_saved = time.monotonic()
        self.started = self.last_saved - self.progress.seconds

    def _prepare(self) -> None:
        """Place the model, make optimizer, schedule and loader, and hand them to accelerate."""
        job = self.job
        model = job.runtime.place(job.model)
        if isinstance(job.loss, nn.Module):
            job.loss.to(self.accelerator.device)  # class weights lie where the logits are
        if self.compiled:
            model.compile()
        optimizer = job.optimizer(model)
        loader = data.loader(
            job.train,
            batches=self.batches,
            workers=job.workers,
            pin_memory=job.recipe.pin_memory,
        )
        self.model, self.optimizer, self.loader, self.schedule = self.accelerator.prepare(
            model, optimizer, loader, job.schedule(optimizer, self.total)
        )

    def run(self) -> Outcome:
        """Train to the end, or to the first reason to stop; return what came of it."""
        p, plan = self.progress, self.job.plan
        for row in p.history if self.job.on_epoch and self.accelerator.is_main_process else ():
            self.job.on_epoch(dict(row))
        main = self.accelerator.is_main_process
        with (
            tracking.opened(self.accelerator, self.job.folder.name) as show,
            Interrupts() as interrupts,
            Display(self.total, p.steps, main=main) as display,
        ):
            while not p.finished:
                if not self._epoch(interrupts, display):
                    return self._outcome()
                row = self._evaluate()
                p.history.append(row)
                p.epoch, p.step, p.loss_sum, p.examples = p.epoch + 1, 0, 0.0, 0
                waited = p.epoch - (p.best_epoch or 0)
                p.finished = p.epoch >= plan.epochs or (
                    plan.patience is not None and waited >= plan.patience
                )
                self._save()
                display.epoch(row)
                show(row)
                if self.job.on_epoch and main:
                    self.job.on_epoch(dict(row))
                if self._any(interrupts.asked is not None) and not p.finished:
                    interrupts.obey()
        export.load(self.job.model, self.job.folder / BEST)
        return self._outcome()

    def _epoch(self, interrupts: Interrupts, display: Display) -> bool:
        """Train the rest of one epoch; False where a budget ended it early."""
        job, p = self.job, self.progress
        self.model.train()
        self.batches.at(p.epoch, p.step)
        loss_sum = torch.tensor(
            p.loss_sum / self.accelerator.num_processes, device=self.accelerator.device
        )
        for _, inputs, codes in self.loader:
            self._seed_dropout()
            with self.accelerator.accumulate(self.model):
                with job.runtime.autocast():
                    logits = self.model(job.runtime.inputs(job.normalise(inputs)))
                loss = job.loss(logits.float(), codes)
                self.accelerator.backward(loss)
                if self.accelerator.sync_gradients and job.plan.max_grad_norm is not None:
                    self.accelerator.clip_grad_norm_(
                        self.model.parameters(), job.plan.max_grad_norm
                    )
                self.optimizer.step()
                self.schedule.step()
                self.optimizer.zero_grad(set_to_none=True)
            loss_sum += loss.detach() * len(codes)
            p.examples += self.micro
            if not self.accelerator.sync_gradients:
                continue
            p.step, p.steps = p.step + 1, p.steps + 1
            display.step(p.epoch + 1)
            if job.on_step is not None:
                job.on_step(p.steps)
            if self._pause(interrupts, loss_sum):
                return False
        p.loss_sum = float(self.accelerator.reduce(loss_sum, "sum"))
        return True

    def _pause(self, interrupts: Interrupts, loss_sum: torch.Tensor) -> bool:
        """Save where it is time to; return whether to stop now (or raise, after Ctrl-C)."""
        job, now = self.job, time.monotonic()
        spent = self._seconds() - self.first_second
        stop = (
            interrupts.asked is not None
            or self.progress.steps == job.stop_after_steps
            or (job.max_seconds is not None and spent >= job.max_seconds)
        )
        stop = self._any(stop)
        if not (stop or self._any(now - self.last_saved >= job.plan.checkpoint_seconds)):
            return False
        self.progress.loss_sum = float(self.accelerator.reduce(loss_sum.clone(), "sum"))
        self._save()
        if stop and self._any(interrupts.asked is not None):
            interrupts.obey()
        return stop

    def _evaluate(self) -> dict[str, Any]:
        """Score val, keep the weights if they are the best so far, return the epoch's row."""
        job, p = self.job, self.progress
        out = predict.outputs(
            self.accelerator, self.model, job.val, job.runtime, job.normalise,
            getattr(job.val, "eval_batch", job.recipe.eval_batch), 0,
        )  # fmt: skip
        logits, codes = torch.from_numpy(out), torch.from_numpy(job.val.labels)
        device = self.accelerator.device
        with torch.no_grad():
            val_loss = float(job.loss(logits.to(device), codes.to(device)))
        value = float(job.score.function(job.val.labels, logits.softmax(dim=1).numpy()))
        row = {
            "epoch": p.epoch + 1,
            "train_loss": p.loss_sum / p.examples,
            "val_loss": val_loss,
            f"val_{job.score.name}": value,
            "lr": float(max(self.schedule.get_last_lr())),
            "seconds": round(self._seconds(), 2),
        }
        wrong = [k for k, v in row.items() if not math.isfinite(v)]
        if wrong:
            raise RunError(
                f"{', '.join(wrong)} is not a finite number after epoch {p.epoch + 1}",
                remedy="a lower learning rate, or float32; a metric needs both classes in val",
            )
        if job.plan.keep == "last" or job.score.better(value, p.best_value):
            p.best_value, p.best_epoch = value, p.epoch + 1
            if self.accelerator.is_main_process:
                export.save_exact(job.model, job.folder / BEST)
        return row

    def _seed_dropout(self) -> None:
        """Make dropout a function of seed, place in training and process: a resume changes nothing.

        Restoring the generators alone would not do: whatever else draws from them meanwhile
        (a loader that starts, a callback) would shift the rest.
        """
        p = self.progress
        place = [self.job.seed, p.epoch, p.examples, self.accelerator.process_index]
        seed = int(np.random.SeedSequence(place).generate_state(1)[0])
        torch.default_generator.manual_seed(seed)
        # torch.manual_seed would keep a traceback per call where CUDA is never used
        if (device := self.accelerator.device.type) != "cpu":
            getattr(torch, device).manual_seed(seed)

    def _seconds(self) -> float:
        return time.monotonic() - self.started

    def _any(self, wish: bool) -> bool:
        """Whether any process wishes it: all must save, or none."""
        if self.accelerator.num_processes == 1:
            return wish
        flag = torch.tensor(float(wish), device=self.accelerator.device)
        return float(self.accelerator.reduce(flag, "sum")) > 0

    def _save(self) -> None:
        self.progress.seconds = self._seconds()
        self.store.save(self.accelerator, self.progress)
        self.last_saved = time.monotonic()

    def _outcome(self) -> Outcome:
        p, best = self.progress, self.job.folder / BEST
        there = p.best_epoch is not None
        split = {
            "effective": self.job.plan.batch,
            "micro": self.micro,
            "accumulated": self.job.plan.batch // self.micro,
            "processes": self.accelerator.num_processes,
        }
        runtime = self.job.runtime.as_dict() | {
            "batch_split": split,
            "recipe": self.job.recipe.name,
            "workers": self.job.workers,
            "compiled": self.compiled,
        }
        self.accelerator.free_memory()
        return Outcome(
            finished=p.finished,
            best_epoch=p.best_epoch,
            best_value=p.best_value,
            history=[dict(row) for row in p.history],
            steps=p.steps,
            seconds=p.seconds,
            weights=best if there else None,
            weights_sha256=files.sha256_file(best) if there else None,
            runtime=runtime,
        )
