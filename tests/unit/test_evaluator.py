"""The reconstruction loss against a plain reimplementation, and what users rely on."""

import copy
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from torch import Tensor, nn

from scripts import join_shards
from wngan import evaluator
from wngan.dcgan import Generator
from wngan.evaluator import Reconstruction, curve_steps, images_at_once, reconstruct


def small_generator(model: str = "wn", dtype: torch.dtype = torch.float64) -> Generator:
    """Contrasts are raised, so that the codes matter as much as in a trained generator."""
    torch.manual_seed(0)
    generator = Generator(16, (6, 8), 5, model).to(dtype)
    with torch.no_grad():
        for name, parameter in generator.named_parameters():
            if name.endswith("scale"):
                parameter.mul_(2)
        for layer in generator.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.running_mean.normal_(0, 0.2)
                layer.running_var.uniform_(0.5, 1.5)
    return generator


def random_images(count: int = 7, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(count, 3, 16, 16, generator=generator, dtype=torch.float64).to(dtype)


def plain_reconstruct(
    generator: nn.Module, images: Tensor, steps: int, lr: float, loss_batch: int
) -> tuple[Tensor, Tensor]:
    """Codes and losses, one image after another, with torch's optimizer."""
    generator = copy.deepcopy(generator).eval()
    codes, losses = [], []
    for image in images:
        code = torch.zeros(1, 5, dtype=images.dtype, requires_grad=True)
        optimizer = torch.optim.RMSprop([code], lr=lr, alpha=0.9, eps=1e-6)
        for _ in range(steps):
            optimizer.zero_grad()
            error = ((generator(code)[0] - image) ** 2).sum() / (3 * 16 * 16)
            (error / loss_batch).backward()
            optimizer.step()
        with torch.no_grad():
            losses.append(((generator(code)[0] - image) ** 2).sum() / (3 * 16 * 16))
        codes.append(code.detach()[0])
    return torch.stack(codes), torch.stack(losses)


def relative(got: Tensor, expected: Tensor) -> float:
    return float(((got - expected).abs() / expected.abs()).max())


class TestAgainstPlainReimplementation:
    @pytest.mark.parametrize("model", ["wn", "bn", "vanilla", "wn_mean_bn"])
    @pytest.mark.parametrize(("lr", "loss_batch"), [(0.01, 32), (0.05, 4)])
    def test_gives_the_same(self, model: str, lr: float, loss_batch: int) -> None:
        generator, images = small_generator(model), random_images(4)
        got = reconstruct(generator, images, steps=15, lr=lr, loss_batch=loss_batch)
        codes, losses = plain_reconstruct(generator, images, 15, lr, loss_batch)
        assert relative(got.losses, losses) < 1e-9
        assert float((got.codes - codes).abs().max()) < 1e-9
        assert got.codes.abs().max() > lr  # they have gone somewhere

    def test_lr_and_loss_batch_are_the_papers_by_default(self) -> None:
        generator, images = small_generator(), random_images(3)
        codes, losses = plain_reconstruct(generator, images, 10, 0.01, 32)
        got = reconstruct(generator, images, steps=10)
        assert relative(got.losses, losses) < 1e-9
        assert float((got.codes - codes).abs().max()) < 1e-9

    def test_codes_begin_at_zero(self) -> None:
        got = reconstruct(small_generator(), random_images(3), steps=0)
        assert got.codes.shape == (3, 5)
        assert not got.codes.any()

    @pytest.mark.parametrize("steps", [0, 1, 7])
    def test_losses_and_images_are_those_of_the_last_codes(self, steps: int) -> None:
        generator, images = small_generator(), random_images()
        got = reconstruct(generator, images, steps=steps, lr=0.1, compute_batch=3)
        made = generator(got.codes).detach()
        assert got.images.shape == images.shape
        torch.testing.assert_close(got.images, made, rtol=1e-12, atol=1e-12)
        expected = ((made - images) ** 2).flatten(1).mean(1)
        assert relative(got.losses, expected) < 1e-12

    def test_results_follow_the_order_of_the_images(self) -> None:
        generator, images = small_generator(), random_images()
        order = torch.tensor([4, 2, 6, 0, 1, 5, 3])
        got = reconstruct(generator, images, steps=5, compute_batch=2)
        permuted = reconstruct(generator, images[order], steps=5, compute_batch=2)
        assert relative(permuted.losses, got.losses[order]) < 1e-9
        assert len(set(got.losses.tolist())) == 7


class TestStart:
    def test_zeros_are_the_default(self) -> None:
        generator, images = small_generator(), random_images()
        zeros = torch.zeros(7, 5, dtype=torch.float64)
        given = reconstruct(generator, images, steps=9, start=zeros)
        default = reconstruct(generator, images, steps=9)
        for name, value in vars(default).items():
            assert torch.equal(value, getattr(given, name)), name

    def test_each_image_has_its_own_whatever_is_computed_at_once(self) -> None:
        generator, images = small_generator(), random_images()
        start = torch.randn(7, 5, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
        codes = start.clone().requires_grad_()

        def losses(steps: int, at_once: int) -> Tensor:
            found = reconstruct(generator, images, steps=steps, start=codes, compute_batch=at_once)
            return found.losses

        assert torch.equal(reconstruct(generator, images, steps=0, start=codes).codes, start)
        assert relative(losses(20, 3), losses(20, 7)) < 1e-9
        assert relative(losses(20, 3), reconstruct(generator, images, steps=20).losses) > 1e-3
        assert torch.equal(codes.detach(), start)
        assert codes.grad is None

    def test_the_codes_of_a_sample_reconstruct_it(self) -> None:
        generator = small_generator()
        start = torch.randn(4, 5, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
        images = generator(start).detach()
        assert reconstruct(generator, images, steps=3, start=start).losses.max() < 1e-25

    @pytest.mark.parametrize("shape", [(7, 4), (6, 5), (5,)])
    def test_another_shape(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match=r"start must be \(7, 5\), not"):
            reconstruct(small_generator(), random_images(), steps=1, start=torch.zeros(shape))


class TestBatches:
    @pytest.mark.parametrize(
        ("dtype", "tolerance"), [(torch.float32, 1e-4), (torch.float64, 1e-9)], ids=str
    )
    @pytest.mark.parametrize("model", ["wn", "bn"])
    def test_compute_batch_does_not_matter(
        self, model: str, dtype: torch.dtype, tolerance: float
    ) -> None:
        generator, images = small_generator(model, dtype), random_images(7, dtype)
        losses = {
            size: reconstruct(generator, images, steps=50, compute_batch=size).losses
            for size in (1, 3, 7, 100)
        }
        for size in (1, 3, 100):
            assert relative(losses[size], losses[7]) < tolerance

    def test_compute_batch_is_by_default_what_memory_takes(self) -> None:
        def sizes(**options: Any) -> list[int]:
            generator, seen = small_generator(), list[int]()
            generator.register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
            reconstruct(generator, random_images(7), steps=0, **options)
            return seen

        # Before that two codes are tried, as it is and folded.
        assert sizes(loss_batch=3, compute_batch=5) == [2, 2, 5, 2]
        assert sizes(loss_batch=3) == [2, 2, 1, 7]  # one is made to see what it takes

    def test_more_is_made_at_once_of_smaller_images(self) -> None:
        sizes = [
            images_at_once(Generator(size, (64, 8, 8, 8, 8, 8)[:depth], 5, "wn"), 5)
            for size, depth in ((128, 5), (256, 6))
        ]
        assert 3 < sizes[0] / sizes[1] < 5
        assert images_at_once(small_generator(), 5) == 256  # more don't help
        assert images_at_once(nn.Sequential(nn.Linear(2, 2**26)), 2) == 1

    def test_loss_batch_matters(self) -> None:
        """RMSProp's ε is not negligible: the scale of the loss is a part of the protocol."""
        losses = [
            reconstruct(
                small_generator(), random_images(7), steps=5, loss_batch=batch, compute_batch=7
            ).losses
            for batch in (1, 32, 10_000)
        ]
        assert relative(losses[0], losses[1]) > 1e-6
        assert relative(losses[1], losses[2]) > 1e-6

    def test_on_step_is_called_after_each_step_of_each_batch(self) -> None:
        calls: list[int] = []
        reconstruct(
            small_generator(),
            random_images(7),
            steps=4,
            compute_batch=3,
            on_step=calls.append,
        )
        assert calls == [3] * 4 + [3] * 4 + [1] * 4


def state(generator: nn.Module) -> dict[str, Any]:
    """All of `generator` that an evaluation could change."""
    return {
        **{f"value {k}": v.clone() for k, v in generator.state_dict().items()},
        **{f"stride {k}": v.stride() for k, v in generator.state_dict().items()},
        **{f"identity {k}": id(v) for k, v in generator.named_parameters()},
        **{
            f"grad {k}": None if v.grad is None else v.grad.clone()
            for k, v in generator.named_parameters()
        },
        **{f"requires_grad {k}": v.requires_grad for k, v in generator.named_parameters()},
        **{f"training {k}": v.training for k, v in generator.named_modules()},
    }


class TestUsersThings:
    @pytest.mark.parametrize("model", ["wn", "bn", "wn_mean_bn"])
    @pytest.mark.parametrize("training", [True, False])
    def test_generator_is_left_as_it_was_given(self, model: str, training: bool) -> None:
        generator = small_generator(model).train(training)
        generator.layers[2].train(not training)
        generator(torch.ones(4, 5, dtype=torch.float64)).sum().backward()
        parameters = list(generator.parameters())
        parameters[0].grad = None
        parameters[1].requires_grad_(False)
        before = state(generator)
        reconstruct(generator, random_images(3), steps=3, compute_batch=2)
        after = state(generator)
        assert before.keys() == after.keys()
        for key, value in before.items():
            if isinstance(value, Tensor):
                assert torch.equal(value, after[key]), key
            else:
                assert value == after[key], key

    def test_images_are_left_as_they_were_given(self) -> None:
        images = random_images(3)
        reconstruct(small_generator(), images, steps=3)
        assert torch.equal(images, random_images(3))
        assert images.is_contiguous()

    @pytest.mark.parametrize("model", ["bn", "wn_mean_bn"])
    def test_generator_is_used_in_inference_mode(self, model: str) -> None:
        images = random_images(3)
        given = reconstruct(small_generator(model).train(), images, steps=5)
        evaluated = reconstruct(small_generator(model).eval(), images, steps=5)
        assert torch.equal(given.losses, evaluated.losses)

    def test_generator_without_trainable_parameters(self) -> None:
        images = random_images(3)
        frozen = reconstruct(small_generator().requires_grad_(False), images, steps=5)
        assert torch.equal(frozen.losses, reconstruct(small_generator(), images, steps=5).losses)

    def test_results_need_no_gradient(self) -> None:
        got = reconstruct(small_generator(), random_images(3), steps=2)
        assert not any(value.requires_grad for value in (got.codes, got.images, got.losses))

    @pytest.mark.filterwarnings("ignore:The generator makes values:UserWarning")
    def test_generators_of_others_need_only_a_code_length(self) -> None:
        class Theirs(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.matrix = nn.Parameter(torch.eye(12, dtype=torch.float64))

            def forward(self, codes: Tensor) -> Tensor:
                return (codes @ self.matrix).view(-1, 3, 2, 2)

        images = torch.full((2, 3, 2, 2), 0.2, dtype=torch.float64)
        got = reconstruct(Theirs(), images, code_length=12, steps=400, lr=0.01)
        assert got.codes.shape == (2, 12)
        assert got.losses.max() < 1e-3 * 0.2**2

    @pytest.mark.filterwarnings("ignore:The generator makes values:UserWarning")
    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
    def test_generators_without_parameters_compute_as_the_images(self, dtype: torch.dtype) -> None:
        class Fixed(nn.Module):
            def forward(self, codes: Tensor) -> Tensor:
                return codes.view(-1, 3, 2, 2)

        images = torch.full((2, 3, 2, 2), 0.2, dtype=dtype)
        got = reconstruct(Fixed(), images, code_length=12, steps=400, lr=0.01)
        assert got.codes.dtype == dtype
        assert got.losses.max() < 1e-3 * 0.2**2

    def test_code_length_goes_before_the_generators_own(self) -> None:
        generator = small_generator()
        generator.code_length = 99
        got = reconstruct(generator, random_images(2), code_length=5, steps=1)
        assert got.codes.shape == (2, 5)


class TestPrecision:
    @pytest.mark.parametrize(("precision", "tolerance"), [("tf32", 0), ("bfloat16", 0.02)])
    def test_results_are_alike_and_of_the_generators_dtype(
        self, precision: str, tolerance: float
    ) -> None:
        generator, images = small_generator("wn", torch.float32), random_images(7, torch.float32)
        exact = reconstruct(generator, images, steps=20)
        found = reconstruct(generator, images, steps=20, precision=precision)
        assert {value.dtype for value in vars(found).values()} == {torch.float32}
        assert relative(found.losses, exact.losses) <= tolerance
        assert torch.equal(found.losses, exact.losses) == (tolerance == 0)

    def test_unknown_one(self) -> None:
        with pytest.raises(ValueError, match="precision must be one of"):
            reconstruct(small_generator(), random_images(2), steps=1, precision="half")


class TestQuality:
    def test_images_in_the_generators_range_are_approached(self) -> None:
        generator = small_generator()
        codes = torch.randn(4, 5, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
        images = generator(codes).detach()
        losses = [reconstruct(generator, images, steps=k).losses for k in (0, 20, 60, 200)]
        for earlier, later in pairwise(losses):
            assert (later < earlier).all()
        assert (losses[-1] < 0.1 * losses[0]).all()

    def test_a_generator_of_nan_gives_nan(self) -> None:
        generator = small_generator()
        with torch.no_grad():
            generator.layers[0][0].weight[0, 0] = float("nan")
        got = reconstruct(generator, random_images(5), steps=3, compute_batch=2)
        assert got.losses.shape == (5,)
        assert got.losses.isnan().all()

    def test_an_image_of_nan_spoils_no_other(self) -> None:
        images = random_images(4)
        images[1, 0, 0, 0] = float("nan")
        got = reconstruct(small_generator(), images, steps=5, compute_batch=4)
        assert got.losses.isnan().tolist() == [False, True, False, False]
        whole = reconstruct(small_generator(), random_images(4), steps=5, compute_batch=4)
        others = torch.tensor([0, 2, 3])
        assert relative(got.losses[others], whole.losses[others]) < 1e-9


def attempt(images: Tensor, **options: int) -> Reconstruction:
    return reconstruct(small_generator(), images, **{"steps": 1, **options})


class TestErrors:
    @pytest.mark.parametrize("shape", [(0, 3, 16, 16), (3, 16, 16), (2, 768)])
    def test_images_of_other_shapes_or_none(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match=rf"N, C, H, W.*\({shape[0]}, {shape[1]}"):
            attempt(torch.rand(shape, dtype=torch.float64))

    def test_images_that_the_generator_does_not_make(self) -> None:
        given = re.escape("makes images (3, 16, 16), those given are (3, 16, 8)")
        with pytest.raises(ValueError, match=given):
            attempt(torch.rand(3, 3, 16, 8, dtype=torch.float64))

    @pytest.mark.parametrize(
        "options",
        [
            {"steps": -1},
            {"loss_batch": 0},
            {"loss_batch": 0, "compute_batch": 2},
            {"compute_batch": 0},
            {"compute_batch": -1},
        ],
        ids=str,
    )
    def test_numbers_that_make_no_sense(self, options: dict[str, int]) -> None:
        with pytest.raises(ValueError, match="steps must be at least 0, loss_batch and compute_"):
            attempt(random_images(2), **options)


class TestCurve:
    def test_steps_are_spread_over_the_decades(self) -> None:
        steps = curve_steps(2000)
        assert steps[0] == 1
        assert steps[-1] == 2000
        assert len(steps) <= 41
        ratios = [later / earlier for earlier, later in pairwise(steps) if earlier > 20]
        assert max(ratios) < 1.25
        assert curve_steps(3) == [1, 2, 3]
        assert curve_steps(0) == [0]

    @pytest.mark.parametrize("steps", [0, 1, 12])
    def test_it_is_what_fewer_steps_give(self, steps: int) -> None:
        generator, images = small_generator(), random_images(5)
        found = reconstruct(generator, images, steps=steps, loss_batch=2, compute_batch=3)
        assert found.curve.shape == (5, len(curve_steps(steps)))
        for column, step in enumerate(curve_steps(steps)):
            fewer = reconstruct(generator, images, steps=step, loss_batch=2)
            torch.testing.assert_close(found.curve[:, column], fewer.losses)
        assert torch.equal(found.curve[:, -1], found.losses)


def test_joined_shards_have_a_digest_that_changes_with_any_array(tmp_path: Path) -> None:
    """Unlike the table of final losses, if a curve becomes another that ends as it did."""
    made = []
    for middle in (0.5, 0.25, 0.25):
        folder = tmp_path / str(len(made))
        folder.mkdir()
        shards, record = [folder / "1.safetensors", folder / "2.safetensors"], folder / "record"
        curve = np.array([[1, middle, 0.125]], np.float32)
        for shard in shards:
            save_file({"curve": curve, "losses": curve[:, -1], "steps": np.array([1, 2, 3])}, shard)
        record.write_text("{}")
        outputs = [folder / name for name in ("final.safetensors", "sha256", "csv", "json")]
        join_shards.main(shards, [record] * 2, *outputs)
        made.append([path.read_bytes() for path in outputs])
    assert [a == b for a, b in zip(made[0], made[1], strict=True)] == [False, False, True, True]
    assert made[1] == made[2]


class TestWithinTheNorm:
    def test_codes_are_projected_after_each_step(self) -> None:
        generator, images = small_generator(), random_images(3)
        norm = 0.3
        found = reconstruct(generator, images, steps=30, lr=0.05, loss_batch=4, max_norm=norm)
        codes = []
        for image in images:
            code = torch.zeros(1, 5, dtype=images.dtype, requires_grad=True)
            optimizer = torch.optim.RMSprop([code], lr=0.05, alpha=0.9, eps=1e-6)
            for _ in range(30):
                optimizer.zero_grad()
                (((generator(code)[0] - image) ** 2).mean() / 4).backward()
                optimizer.step()
                with torch.no_grad():
                    code /= max(1, code.norm().item() / norm)
            codes.append(code.detach()[0])
        torch.testing.assert_close(found.codes, torch.stack(codes), rtol=1e-6, atol=1e-9)
        assert found.codes.norm(dim=1).max() <= norm * (1 + 1e-9)

    def test_a_norm_that_is_never_reached_changes_nothing(self) -> None:
        generator, images = small_generator(), random_images(3)
        free, wide = (
            reconstruct(generator, images, steps=9, max_norm=norm) for norm in (None, 1e9)
        )
        assert torch.equal(free.codes, wide.codes)
        assert (free.codes.norm(dim=1) > 0).all()

    @pytest.mark.parametrize("norm", [0, -1.0, float("nan")])
    def test_it_must_be_positive(self, norm: float) -> None:
        with pytest.raises(ValueError, match="max_norm must be positive"):
            reconstruct(small_generator(), random_images(), steps=1, max_norm=norm)


class Tanh(nn.Module):
    """Codes (N, 6, 1, 1) -> images (N, 3, 8, 8) in [-1, 1], as DCGANs' tutorials have them."""

    def __init__(self, shift: float = 0.1) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.main = nn.Sequential(
            nn.ConvTranspose2d(6, 8, 4, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.ConvTranspose2d(8, 3, 4, 2, 1),
            nn.Tanh(),
        )
        nn.init.constant_(self.main[1].bias, shift)

    def forward(self, codes: Tensor) -> Tensor:
        return self.main(codes)


class TestOthersGenerators:
    def test_codes_with_a_height_and_a_width(self) -> None:
        generator = Tanh()
        images = torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(1))
        found = reconstruct(
            generator, images, code_length=(6, 1, 1), steps=9, value_range=(-1, 1), max_norm=0.05
        )
        assert found.codes.shape == (3, 6, 1, 1)
        assert found.codes.flatten(1).norm(dim=1).max() <= 0.05 * (1 + 1e-6)
        made = (generator.eval()(found.codes) + 1) / 2
        torch.testing.assert_close(found.images, made)
        torch.testing.assert_close(found.losses, (made - images).square().mean((1, 2, 3)))
        assert (
            reconstruct(
                generator,
                images,
                code_length=(6, 1, 1),
                steps=1,
                value_range=(-1, 1),
                start=found.codes,
            )
            .losses.isfinite()
            .all()
        )

    def test_a_range_is_as_if_the_generator_were_scaled(self) -> None:
        class Scaled(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.tanh = Tanh()

            def forward(self, codes: Tensor) -> Tensor:
                return (self.tanh(codes[:, :, None, None]) + 1) / 2

        images = torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(1))
        ranged = reconstruct(
            Tanh(), images, code_length=(6, 1, 1), steps=50, value_range=(-1, 1)
        ).losses
        torch.testing.assert_close(
            ranged, reconstruct(Scaled(), images, code_length=6, steps=50).losses
        )
        with pytest.warns(UserWarning, match=r"outside of value_range \(0, 1\); .* tanh .*\(-1, 1"):
            reconstruct(Tanh(), images, code_length=(6, 1, 1), steps=1)

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
    @pytest.mark.parametrize("steps", [60, 400])
    def test_half_precision_comes_as_close(self, dtype: torch.dtype, steps: int) -> None:
        generator = small_generator("wn", torch.float32)
        codes = torch.randn(5, 5, generator=torch.Generator().manual_seed(2))
        images = generator(codes).detach()
        start, exact = (reconstruct(generator, images, steps=k).losses for k in (0, steps))
        found = reconstruct(generator.to(dtype), images, steps=steps)
        assert {value.dtype for value in vars(found).values()} == {torch.float32}
        assert next(generator.parameters()).dtype == dtype
        gained = (start - found.losses) / (start - exact)
        assert float(gained.min()) > 0.98

    def test_codes_that_cannot_move(self) -> None:
        """At zero, a network of ReLUs without biases has no gradient."""
        images = torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(1))
        options = {"code_length": (6, 1, 1), "steps": 3, "value_range": (-1, 1)}
        with pytest.warns(UserWarning, match="No code moves, .* at zero is 0. Give a start"):
            reconstruct(Tanh(0), images, **options)
        start = torch.randn(3, 6, 1, 1, generator=torch.Generator().manual_seed(2))
        found = reconstruct(Tanh(0), images, start=start, **options)
        assert (found.losses < found.curve[:, 0]).all()

    def test_it_folds_by_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        generator, images = small_generator("bn"), random_images(3)
        norms = 0

        def count(*_: object) -> None:
            nonlocal norms
            norms += 1

        hook = nn.modules.module.register_module_forward_hook(
            lambda module, *_: count() if isinstance(module, nn.BatchNorm2d) else None
        )
        found = reconstruct(generator, images, steps=20, compute_batch=3)
        hook.remove()
        assert norms <= 4  # of the two codes that are tried first
        monkeypatch.setattr(evaluator, "can_fold", lambda generator: False)
        assert relative(found.losses, reconstruct(generator, images, steps=20).losses) < 1e-9

    def test_what_folding_would_change_is_not_folded(self) -> None:
        """A module that uses a layer of a sequence by itself."""

        class Peeking(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.main = small_generator("bn").layers
                self.main[1].weight.data.fill_(3)

            def forward(self, codes: Tensor) -> Tensor:
                return (self.main(codes) + self.main[0](codes).mean()).clamp(0, 1)

        generator = Peeking()
        found = reconstruct(generator, random_images(2), code_length=5, steps=3)
        made = generator.eval()(found.codes)
        torch.testing.assert_close(found.images, made, rtol=1e-12, atol=1e-12)

    def test_what_cannot_be_copied_is_used_as_it_is(self) -> None:
        generator = small_generator()
        generator.cache = torch.ones(1, requires_grad=True) * 2  # not a leaf
        wanted = reconstruct(small_generator(), random_images(2), steps=3).losses
        assert relative(reconstruct(generator, random_images(2), steps=3).losses, wanted) < 1e-9

    @pytest.mark.slow
    @pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
    def test_compiled_ones(self) -> None:
        compiled = torch.compile(small_generator(), backend="eager")
        found = reconstruct(compiled, random_images(2), code_length=5, steps=3)
        wanted = reconstruct(small_generator(), random_images(2), steps=3).losses
        assert relative(found.losses, wanted) < 1e-9

    def test_in_the_users_own_autocast(self) -> None:
        generator, images = small_generator("wn", torch.float32), random_images(3, torch.float32)
        with torch.autocast("cpu", torch.bfloat16):
            found = reconstruct(generator, images, steps=9)
        assert found.losses.dtype == torch.float32
        assert relative(found.losses, reconstruct(generator, images, steps=9).losses) < 0.02

        assert torch.equal(found.losses, reconstruct(generator, images, steps=9).losses)

    def test_buffers_that_a_call_changes_are_restored(self) -> None:
        class Counting(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.main = small_generator()
                self.register_buffer("calls", torch.zeros(()))
                self.register_buffer("last", torch.zeros(()))

            def forward(self, codes: Tensor) -> Tensor:
                self.calls += 1
                self.last = codes.sum()
                return self.main(codes)

        generator = Counting()
        last = generator.last
        reconstruct(generator, random_images(2), code_length=5, steps=2)
        assert generator.calls == 0
        assert generator.last is last
        assert last == 0

    def test_a_generator_made_in_inference_mode(self) -> None:
        with torch.inference_mode():
            generator = small_generator()
        found = reconstruct(generator, random_images(2), steps=3)
        wanted = reconstruct(small_generator(), random_images(2), steps=3)
        assert torch.equal(found.losses, wanted.losses)
        assert all(parameter.is_inference() for parameter in generator.parameters())

    def test_images_that_need_gradients(self) -> None:
        found = reconstruct(small_generator(), random_images(2).requires_grad_(), steps=1)
        assert not found.losses.requires_grad

    def test_an_eval_of_ones_own(self) -> None:
        class Own(type(small_generator())):  # type: ignore[misc]
            def eval(self) -> None:
                super().eval()

        generator = small_generator()
        generator.__class__ = Own
        wanted = reconstruct(small_generator(), random_images(2), steps=3).losses
        assert torch.equal(reconstruct(generator, random_images(2), steps=3).losses, wanted)

    @pytest.mark.filterwarnings("ignore")  # of torch about its own functions
    def test_traced_and_scripted_ones(self) -> None:
        generator, images = small_generator("wn").eval(), random_images(3)
        traced = torch.jit.trace(generator, torch.zeros(2, 5).double())
        found = reconstruct(traced, images, code_length=5, steps=3)
        assert relative(found.losses, reconstruct(generator, images, steps=3).losses) < 1e-9
        plain = nn.Sequential(nn.Linear(5, 768), nn.Unflatten(1, (3, 16, 16)), nn.Sigmoid())
        found, wanted = (
            reconstruct(network, images.float(), code_length=5, steps=3)
            for network in (torch.jit.script(plain), plain)
        )
        assert relative(found.losses, wanted.losses) < 1e-6
        assert all(parameter.requires_grad for parameter in plain.parameters())

    def test_code_length_may_be_a_number_of_numpys(self) -> None:
        length: Any = np.int64(5)
        found = reconstruct(small_generator(), random_images(2), code_length=length, steps=1)
        assert found.codes.shape == (2, 5)

    def test_torchs_newer_settings_of_precision(self) -> None:
        before = torch.backends.fp32_precision
        torch.backends.fp32_precision = "tf32"
        try:
            found = reconstruct(small_generator(), random_images(2), steps=3)
            assert torch.backends.fp32_precision == "tf32"
        finally:
            torch.backends.fp32_precision = before
        wanted = reconstruct(small_generator(), random_images(2), steps=3).losses
        assert torch.equal(found.losses, wanted)


class Returning(nn.Module):
    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value

    def forward(self, codes: Tensor) -> object:
        return self.value


class Large(nn.Module):
    """It does not fit, if one may believe it."""

    def forward(self, codes: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("out of memory")


class TestSentences:
    def test_a_gpu_that_is_full_is_no_mistake(self) -> None:
        with pytest.raises(torch.OutOfMemoryError, match="out of memory"):
            reconstruct(Large(), torch.zeros(2, 3, 8, 8), code_length=6, steps=1)

    @pytest.mark.parametrize(
        ("images", "message"),
        [
            (255 * torch.rand(2, 3, 8, 8), r"in \[0, 1\], not in .*Divide them by 255"),
            (2 * torch.rand(2, 3, 8, 8) - 1, r"in \[0, 1\], not in .*\(images \+ 1\) / 2"),
            (torch.randn(9, 3, 8, 8), r"in \[0, 1\], not in .*Scale them"),
            (torch.zeros(2, 3, 8, 8, dtype=torch.uint8), "floating point"),
            (torch.rand(2, 1, 8, 8), r"makes images \(3, 8, 8\), those given are \(1, 8, 8\)"),
            (np.zeros((2, 3, 8, 8)), "floating point tensor .N, C, H, W., not a ndarray"),
        ],
    )
    def test_images(self, images: Any, message: str) -> None:
        torch.manual_seed(0)
        with pytest.raises(ValueError, match=message):
            reconstruct(Tanh(), images, code_length=(6, 1, 1), steps=1, value_range=(-1, 1))

    @pytest.mark.parametrize(
        ("generator", "code_length", "message"),
        [
            (Tanh(), 6, r"does not take codes \(2, 6\) .*such as 100 or \(100, 1, 1\)"),
            (Tanh(), (7, 1, 1), r"does not take codes \(2, 7, 1, 1\)"),
            (Tanh(), None, "code_length is needed, as the generator has no attribute"),
            (Tanh(), 0, "code_length must be a number or numbers from 1"),
            (Tanh(), (6, 0, 1), "code_length must be a number or numbers from 1"),
            (Returning((1, 2)), 6, r"must make a tensor of images \(2, C, H, W\).*not tuple"),
            (Returning(torch.zeros(2, 192)), 6, r"must make a tensor .*not \(2, 192\)"),
            (Returning(torch.zeros(2, 3, 8, 8)), 6, "gives its codes no gradient: it must neither"),
            (Tanh(), 6.0, "code_length must be a number or numbers from 1, not 6.0"),
            (torch.sigmoid, 6, "generator must be a torch.nn.Module, not a builtin"),
        ],
    )
    def test_generators(self, generator: nn.Module, code_length: object, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            reconstruct(generator, torch.rand(2, 3, 8, 8), code_length=code_length, steps=1)

    @pytest.mark.parametrize("lr", [0, -0.01, float("nan"), float("inf")])
    def test_learning_rates(self, lr: float) -> None:
        with pytest.raises(ValueError, match="lr must be a positive number"):
            reconstruct(small_generator(), random_images(2), steps=1, lr=lr)

    @pytest.mark.parametrize(
        "value_range", [(1, 0), (0, 0), (0, float("nan")), (0, float("inf")), 1, (0, 1, 2)]
    )
    def test_ranges(self, value_range: Any) -> None:
        with pytest.raises(ValueError, match="value_range must be from a number to a greater"):
            reconstruct(small_generator(), random_images(2), steps=1, value_range=value_range)
