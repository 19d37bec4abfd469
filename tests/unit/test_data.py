"""Images as arrays and tensors."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from wngan.data import Subset
from wngan.on_device import on_device
from wngan.tensors import to_tensor, to_uint8


def random_images(count: int, height: int = 3, width: int = 5) -> NDArray[np.uint8]:
    shape = (count, height, width, 3)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def all_values() -> NDArray[np.uint8]:
    """All 256 values in each channel, in different orders."""
    values = np.arange(256, dtype=np.uint8)
    return np.stack([values, values[::-1], np.roll(values, 7)], -1).reshape(1, 16, 16, 3)


class TestToTensor:
    def test_gives_channels_first_in_0_to_1(self) -> None:
        images = random_images(2)
        tensor = to_tensor(images)
        assert tensor.shape == (2, 3, 3, 5)
        assert tensor.dtype == torch.float32
        for n, c, i, j in np.ndindex(2, 3, 3, 5):
            assert tensor[n, c, i, j].item() == np.float32(images[n, i, j, c]) / np.float32(255)

    def test_ends_of_the_range_are_exact(self) -> None:
        tensor = to_tensor(all_values())
        assert tensor.min() == 0
        assert tensor.max() == 1

    def test_lies_channels_last_in_memory(self) -> None:
        assert to_tensor(random_images(2)).is_contiguous(memory_format=torch.channels_last)

    def test_leaves_the_array_as_it_was(self) -> None:
        images = random_images(2)
        before = images.copy()
        to_tensor(images).zero_()
        np.testing.assert_array_equal(images, before)

    @pytest.mark.parametrize("view", [np.s_[::-1], np.s_[:, ::2, ::-1], np.s_[..., ::-1]])
    def test_takes_views_with_any_strides(self, view: tuple[slice, ...]) -> None:
        images = random_images(4)[view]
        expected = np.moveaxis(np.array(images), 3, 1) / np.float32(255)
        np.testing.assert_array_equal(to_tensor(images).numpy(), expected)

    def test_takes_images_of_a_memory_map(self, tmp_path: Path) -> None:
        images = random_images(4)
        np.save(tmp_path / "images.npy", images)
        mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
        chosen = np.array([3, 1])
        assert torch.equal(to_tensor(mapped[chosen]), to_tensor(images[chosen]))


class TestToUint8:
    def test_undoes_to_tensor_exactly(self) -> None:
        for images in (all_values(), random_images(3)):
            back = to_uint8(to_tensor(images))
            assert back.dtype == np.uint8
            assert back.flags.c_contiguous
            np.testing.assert_array_equal(back, images)

    def test_undoes_to_tensor_in_float64_and_channels_first_too(self) -> None:
        images = all_values()
        tensor = to_tensor(images).contiguous()
        np.testing.assert_array_equal(to_uint8(tensor), images)
        np.testing.assert_array_equal(to_uint8(tensor.double()), images)

    @given(value=st.floats(0, 1, width=32))
    @settings(deadline=None)
    def test_rounds_to_the_nearest(self, value: float) -> None:
        pixel = int(to_uint8(torch.full((1, 3, 1, 1), value))[0, 0, 0, 0])
        assert abs(pixel - 255 * value) <= 0.5 + 1e-4

    @pytest.mark.parametrize(
        ("value", "pixel"),
        [(math.nan, 0), (math.inf, 255), (-math.inf, 0), (-0.2, 0), (1.001, 255), (7.0, 255)],
    )
    def test_other_values_are_clipped_and_nan_is_0(self, value: float, pixel: int) -> None:
        images = torch.full((1, 3, 2, 2), 0.2)
        images[0, 1, 0, 1] = value
        result = to_uint8(images)
        assert result[0, 0, 1, 1] == pixel
        assert (result == 51).sum() == 11

    def test_takes_what_requires_a_gradient_and_leaves_it(self) -> None:
        images = torch.full((1, 3, 2, 2), math.nan, requires_grad=True)
        assert not to_uint8(images).any()
        assert images.isnan().all()


class TestSubset:
    def test_gives_the_named_images_in_order(self) -> None:
        images = random_images(6)
        subset = Subset(images, np.array([5, 0, 3, 3]))
        assert len(subset) == 4
        np.testing.assert_array_equal(subset[np.array([2, 0])], images[[3, 5]])
        np.testing.assert_array_equal(subset[np.arange(4)], images[[5, 0, 3, 3]])

    def test_subsets_of_subsets(self) -> None:
        images = random_images(6)
        subset = Subset(Subset(images, np.array([5, 4, 3, 2])), np.array([3, 1]))
        assert len(subset) == 2
        np.testing.assert_array_equal(subset[np.array([0, 1])], images[[2, 4]])

    def test_copies_no_more_than_it_is_asked_for(self) -> None:
        asked: list[list[int]] = []

        class Recorder:
            def __len__(self) -> int:
                return 100

            def __getitem__(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
                asked.append(indices.tolist())
                return np.zeros((len(indices), 1, 1, 3), np.uint8)

        subset = Subset(Recorder(), np.array([10, 20, 30]))
        assert len(subset) == 3
        assert len(subset[np.array([1, 2])]) == 2
        assert asked == [[20, 30]]

    def test_indices_beyond_the_subset_are_errors(self) -> None:
        with pytest.raises(IndexError):
            Subset(random_images(6), np.array([5, 0]))[np.array([2])]


class TestOnDevice:
    """With CPU memory in place of a GPU's."""

    @pytest.fixture
    def images(self, tmp_path: Path) -> np.ndarray:
        np.save(tmp_path / "images.npy", np.arange(25 * 12, dtype=np.uint8).reshape(25, 2, 2, 3))
        return np.load(tmp_path / "images.npy", mmap_mode="r")

    def test_a_cpu_reads_what_is_given(self, images: np.ndarray) -> None:
        assert on_device(images, torch.device("cpu")) is images

    @pytest.mark.parametrize(("free", "fits"), [(1200, True), (1199, False)])
    def test_a_gpu_holds_what_fits(
        self, free: int, fits: bool, images: np.ndarray, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("wngan.on_device.share", lambda device: free)
        empty = torch.empty
        monkeypatch.setattr(torch, "empty", lambda shape, dtype, device: empty(shape, dtype=dtype))
        monkeypatch.setattr("wngan.on_device.PART", 10)
        found = on_device(images, torch.device("cuda"))
        assert isinstance(found, torch.Tensor) == fits
        chosen = np.array([3, 24, 3])
        np.testing.assert_array_equal(np.asarray(found[chosen]), images[chosen])
        subset = Subset(found, np.array([24, 7]))
        np.testing.assert_array_equal(np.asarray(subset[np.array([1])]), images[[7]])
        assert torch.equal(to_tensor(subset[np.array([0])]), to_tensor(images[[24]]))

    def test_indices_go_to_the_gpu_without_waiting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        moved: list[list[int]] = []

        def to_device(rows: torch.Tensor, device: torch.device) -> torch.Tensor:
            moved.append(rows.tolist())
            return rows.to(device)

        monkeypatch.setattr("wngan.data.to_device", to_device)
        subset = Subset(torch.arange(9), np.array([5, 7, 1]))  # type: ignore[arg-type]
        assert np.asarray(subset[np.array([2, 0])]).tolist() == [1, 5]
        assert moved == [[1, 5]]
