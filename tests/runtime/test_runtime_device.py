"""Choices that give their reason: device, precision, layout, recipes, learning rates."""

import dataclasses
from pathlib import Path

import pytest
import torch
from runtime_support import TinyNet

from proofolio import evidence
from proofolio.contract import ProjectError
from proofolio_torch import device, optim, parallel, recipes
from proofolio_torch.device import Runtime


@pytest.fixture
def on_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.mark.parametrize(
    ("slow", "fast", "expected"),
    [(100, 150, "bfloat16"), (100, 105, "float32"), (100, 50, "float32")],
)
def test_bfloat16_must_be_clearly_faster(on_cpu, monkeypatch, capsys, slow, fast, expected):
    speeds = {"float32": slow, "bfloat16": fast}
    monkeypatch.setattr(device, "images_per_second", lambda m, dtype, *a: speeds[dtype])
    found = device.choose("train", TinyNet())
    assert found.dtype == expected
    assert f"float32 channels_last {slow} images/s" in capsys.readouterr().out


def test_the_answer_is_remembered_per_model_and_kind(on_cpu, monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr(device, "images_per_second", lambda *a: calls.append(a) or 1.0)
    first = device.choose("train", TinyNet(), folder=tmp_path)
    assert device.choose("train", TinyNet(), folder=tmp_path) == first
    assert len(calls) == 2
    device.choose("infer", TinyNet(), folder=tmp_path)
    device.choose("train", TinyNet(classes=7), folder=tmp_path)
    assert len(calls) == 6


def test_small_jobs_and_several_processes_are_not_probed(on_cpu, monkeypatch):
    monkeypatch.setattr(device, "images_per_second", lambda *a: pytest.fail("probed"))
    assert "too little work" in device.choose("train", TinyNet(), images=100).reason
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert "all compute alike" in device.choose("train", TinyNet()).reason


@pytest.mark.parametrize("kind", ["train", "infer"])
def test_the_probe_measures_and_leaves_the_model_as_it_was(kind):
    model = TinyNet().eval()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    assert device.images_per_second(model, "float32", "channels_last", kind, (2, 3, 16, 16)) > 0
    assert not model.training
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


def test_unknown_kinds_and_missing_devices_are_refused(on_cpu):
    with pytest.raises(ProjectError, match="train or infer"):
        device.choose("dream")
    with pytest.raises(ProjectError, match=r"expected: cpu[\s\S]*received: cuda"):
        device.choose("train", device="cuda")


def test_a_gpu_gets_the_gpu_recipe(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    found = device.choose("train", TinyNet())
    assert (found.device, found.dtype, found.layout) == ("cuda", "bfloat16", "channels_last")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: False)
    assert device.choose("train", TinyNet()).dtype == "float32"


def test_apple_devices_stay_in_float32(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert device.choose("train", TinyNet()).dtype == "float32"


def test_the_gpu_recipe_sends_bytes_and_compiles_long_runs_only():
    gpu, cpu = recipes.named("gpu"), recipes.named("cpu")
    assert (gpu.dtype, gpu.layout, gpu.transfer) == ("bfloat16", "channels_last", "uint8")
    assert gpu.pin_memory
    assert gpu.workers > 0
    assert not gpu.compiles(gpu.compile_above - 1)
    assert gpu.compiles(gpu.compile_above)
    assert not cpu.compiles(10**9)
    assert recipes.for_device("cuda") is gpu
    assert recipes.for_device("cpu") is cpu
    assert dataclasses.is_dataclass(gpu)
    with pytest.raises(ProjectError, match="cpu, gpu"):
        recipes.named("tpu")


def test_autocast_layout_and_placing_follow_the_runtime():
    runtime = Runtime("cpu", "bfloat16", "channels_last", "test")
    model = runtime.place(TinyNet())
    assert model.body[0].weight.is_contiguous(memory_format=torch.channels_last)
    images = runtime.inputs(torch.zeros(2, 3, 8, 8))
    assert images.is_contiguous(memory_format=torch.channels_last)
    with runtime.autocast():
        assert model(images).dtype == torch.bfloat16
    with Runtime("cpu", "float32", "contiguous", "test").autocast():
        assert model(images).dtype == torch.float32


def test_threads_are_shared_between_processes(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(parallel, "cores", lambda: 6)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "3")
    assert parallel.limit_threads() == 2
    monkeypatch.setenv("RANK", "1")
    assert not parallel.is_main()


class WithHead(TinyNet):
    def get_classifier(self):
        return self.body[-1]


def test_head_and_backbone_have_their_own_peaks_and_norms_no_decay():
    model = WithHead()
    groups = optim.groups(model, backbone=1e-4, head=1e-3, weight_decay=0.1)
    found = {(g["lr"], g["weight_decay"]): sum(p.numel() for p in g["params"]) for g in groups}
    assert found == {(1e-4, 0.1): 8 * 27, (1e-4, 0.0): 16, (1e-3, 0.1): 16, (1e-3, 0.0): 2}


def test_frozen_parameters_are_left_out():
    model = WithHead()
    model.body[0].requires_grad_(False)
    groups = optim.groups(model, lr=0.1)
    assert sum(p.numel() for g in groups for p in g["params"]) == 16 + 16 + 2
    with pytest.raises(ProjectError, match="unfreeze"):
        optim.groups(model.requires_grad_(False), lr=0.1)


@pytest.mark.parametrize("rates", [{}, {"lr": 1, "head": 1, "backbone": 1}, {"head": 1}])
def test_unclear_learning_rates_are_refused(rates):
    with pytest.raises(ProjectError, match="either lr, or both"):
        optim.groups(WithHead(), **rates)


def test_a_model_without_a_named_head_needs_one_rate():
    with pytest.raises(ProjectError, match="get_classifier"):
        optim.groups(TinyNet(), backbone=1e-4, head=1e-3)


@pytest.mark.parametrize("schedule", [optim.one_cycle, optim.cosine])
def test_schedules_reach_each_peak_once_and_end_low(schedule):
    optimizer = optim.adamw(WithHead(), backbone=1e-3, head=1e-2)
    plan, rates = schedule(optimizer, 40), []
    for _ in range(40):
        rates.append([g["lr"] for g in optimizer.param_groups])
        optimizer.step()
        plan.step()
    peaks = torch.tensor(rates).max(0).values
    torch.testing.assert_close(peaks, torch.tensor([1e-3, 1e-3, 1e-2, 1e-2]), rtol=0.05, atol=0)
    assert rates[0][0] < 0.6e-3
    assert rates[-1][0] < 0.05e-3


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_schedules_bear_the_shortest_trainings(steps):
    for schedule in (optim.one_cycle, optim.cosine):
        optimizer = optim.adamw(TinyNet(), lr=1e-3)
        plan = schedule(optimizer, steps)
        for _ in range(steps):
            optimizer.step()
            plan.step()
        assert 0 <= optimizer.param_groups[0]["lr"] <= 1e-3


def test_a_gpu_is_named_in_the_record_and_a_processor_is_not(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Test GPU")
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 91002)
    record = Runtime("cuda", "bfloat16", "channels_last", "test").as_dict()
    named = evidence.environment(Path(__file__).parent, record)
    assert (named["gpu"], named["cuda"], named["cudnn"]) == ("Test GPU", "13.0", "91002")
    assert "gpu" not in Runtime("cpu", "float32", "channels_last", "test").as_dict()
