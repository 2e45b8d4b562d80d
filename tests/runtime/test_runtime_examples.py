"""Examples, order and normalisation: deterministic, uint8, and strict about shapes."""

import albumentations as A
import numpy as np
import pytest
import torch
from runtime_support import jitter

from proofolio.contract import ProjectError, TableError
from proofolio_torch import data, imbalance


def epoch_of(images, table, *, workers, epoch=1, step=0, augment=jitter, seed=3):
    examples = data.Examples(images, table.id, table.label, augment=augment, seed=seed)
    batches = data.EpochBatches(len(examples), 8, 4, seed)
    batches.at(epoch, step)
    loaded = list(data.loader(examples, batches=batches, workers=workers))
    return [torch.cat(column) for column in zip(*loaded, strict=True)]


@pytest.mark.filterwarnings(  # a machine with fewer cores than workers is what we want to try
    "ignore:This DataLoader will create"
)
def test_augmentation_does_not_depend_on_workers(images, pictures):
    rows, pixels, codes = epoch_of(images, pictures[1], workers=0)
    for found, expected in zip(
        epoch_of(images, pictures[1], workers=3), (rows, pixels, codes), strict=True
    ):
        assert torch.equal(found, expected)
    np.testing.assert_array_equal(codes, pictures[1].label.to_numpy()[rows])


def test_augmentation_does_not_depend_on_where_the_epoch_starts(images, pictures):
    whole = epoch_of(images, pictures[1], workers=0)
    rest = epoch_of(images, pictures[1], workers=0, step=2)
    for found, expected in zip(rest, whole, strict=True):
        assert torch.equal(found, expected[16:])


def test_epoch_and_seed_change_order_and_pixels(images, pictures):
    first = epoch_of(images, pictures[1], workers=0)
    for change in ({"epoch": 2}, {"seed": 4}):
        other = epoch_of(images, pictures[1], workers=0, **change)
        assert not torch.equal(first[0], other[0])
    same_place = data.Examples(images, pictures[1].id, augment=jitter, seed=3)
    assert not np.array_equal(same_place[(1, 0, 0)][1], same_place[(2, 0, 0)][1])


def test_albumentations_pipelines_become_deterministic(images, pictures):
    compose = A.Compose(
        [
            A.RandomResizedCrop((16, 16), scale=(0.6, 1)),
            A.RandomBrightnessContrast(p=1),
            A.GaussNoise(p=1),
        ]
    )
    augment = data.from_albumentations(compose)
    first = epoch_of(images, pictures[1], workers=0, augment=augment)
    second = epoch_of(images, pictures[1], workers=2, augment=augment)
    assert torch.equal(first[1], second[1])
    plain = torch.from_numpy(np.array(images.array))[first[0]]
    assert not torch.equal(first[1], plain)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x, rng: x / 255,
        lambda x, rng: x[:8],
        lambda x, rng: x[..., :1],
        lambda x, rng: torch.from_numpy(x),
    ],
)
def test_augmentations_of_another_kind_are_refused(images, pictures, wrong):
    examples = data.Examples(images, pictures[1].id, augment=wrong)
    with pytest.raises(TableError, match="expected: uint8 of shape"):
        examples[(0, 0, 0)]


def test_evaluation_is_never_augmented(images, pictures):
    examples = data.Examples(images, pictures[1].id, augment=lambda x, rng: 255 - x)
    np.testing.assert_array_equal(examples[2][1], images.array[2])


def test_labels_must_fit(images, pictures):
    ids = pictures[1].id
    for labels in ([0, 1], ["a"] * len(ids), np.zeros(len(ids))):
        with pytest.raises(TableError, match="integer class codes"):
            data.Examples(images, ids, labels)
    with pytest.raises(TableError, match="negative"):
        data.Examples(images, ids, [-1] * len(ids))


def test_every_epoch_has_whole_batches_and_covers_nearly_all():
    batches = data.EpochBatches(30, 8, 4, seed=0)
    assert (batches.steps, len(batches)) == (3, 6)
    order = batches.order(0)
    assert len(set(order.tolist())) == 24
    assert not np.array_equal(order, batches.order(1))
    few = data.EpochBatches(3, 8, 8, seed=0)
    assert sorted(set(few.order(0).tolist())) == [0, 1, 2]
    assert len(few.order(0)) == 8


def test_weighted_order_balances_classes_and_is_deterministic():
    labels = np.array([0] * 950 + [1] * 50)
    weights = imbalance.sample_weights(labels, 2)
    batches = data.EpochBatches(1000, 10, 10, 0, weights)
    order = batches.order(4)
    assert 0.45 < labels[order].mean() < 0.55
    np.testing.assert_array_equal(order, data.EpochBatches(1000, 10, 5, 0, weights).order(4))


def test_normalise_equals_the_textbook(images):
    batch = torch.from_numpy(np.array(images.array[:3]))
    mean, std = (0.1, 0.2, 0.3), (0.4, 0.5, 0.6)
    out = data.Normalise(mean, std)(batch)
    expected = (batch.numpy() / 255 - np.array(mean)) / np.array(std)
    np.testing.assert_allclose(out.numpy(), expected.transpose(0, 3, 1, 2), atol=1e-5)
    assert out.is_contiguous(memory_format=torch.channels_last)


def test_normalise_repeats_grey_and_refuses_other_inputs():
    grey = torch.arange(32, dtype=torch.uint8).reshape(1, 4, 8, 1)
    out = data.Normalise((0.5,) * 3, (0.5,) * 3)(grey)
    assert out.shape == (1, 3, 4, 8)
    assert torch.equal(out[:, 0], out[:, 2])
    with pytest.raises(TableError, match="bytes"):
        data.Normalise((0.5,), (0.5,))(grey.float())
    with pytest.raises(TableError, match="channels"):
        data.Normalise((0.5,) * 3, (0.5,) * 3)(grey.reshape(1, 4, 4, 2))


def test_class_weights_equal_their_formulas():
    labels = np.array([0] * 90 + [1] * 10)
    inverse = imbalance.class_weights(labels, 2)
    assert inverse[1] / inverse[0] == pytest.approx(9, rel=1e-5)
    assert inverse.mean() == pytest.approx(1)
    effective = imbalance.class_weights(labels, 2, "effective", beta=0.9)
    assert effective[1] / effective[0] == pytest.approx((1 - 0.9**90) / (1 - 0.9**10), rel=1e-5)


def test_an_empty_class_is_refused():
    for function in (imbalance.class_weights, imbalance.sample_weights):
        with pytest.raises(ProjectError, match=r"counts \[2, 0, 1\]"):
            function(np.array([0, 0, 2]), 3)
    with pytest.raises(ProjectError, match="inverse or effective"):
        imbalance.class_weights(np.array([0, 1]), 2, "sqrt")
