"""The photograph models against torchvision's and timm's closest architecture, one thread.

Each peer reads as large a picture as brings its multiply-adds nearest to ours (counted by torch's
own counter), with random weights and no gradients; they take turns, and the medians of their times
are compared. The detector's peer has a fixed input, so ours is enlarged to meet it; what it does
after its heads (non-maximum suppression) is left out.
"""

import statistics
from collections.abc import Callable, Iterator
from typing import Any

import timm
import torch
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.detection import ssdlite320_mobilenet_v3_large
from torchvision.models.segmentation import lraspp_mobilenet_v3_large

from attn_core.models.attention_unet import AttentionUNet, AttentionUNetConfig
from attn_core.models.detector import Detector, DetectorConfig
from attn_core.models.photo_encoder import PhotoEncoder
from benchmarks.minilm import seconds

TURNS, WARM = 40, 5
ROWS, COLUMNS = 192, 256
"""What the models read of a camera's picture."""
SIZES = [(3 * s, 4 * s) for s in range(32, 161, 4)]
Forward = Callable[[], Any]


def multiply_adds(call: Forward) -> float:
    """Of one forward pass; torch counts two operations each."""
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops() / 2


def nearest(make: Callable[[int, int], Forward], target: float, step: int) -> Forward:
    """The call whose multiply-adds are nearest to the target, over sizes of a camera's shape."""
    calls = [make(rows, columns) for rows, columns in SIZES if not rows % step]
    return min(calls, key=lambda call: abs(multiply_adds(call) - target))


def pairs() -> dict[str, tuple[Forward, Forward]]:
    """Ours and the peer's forward pass, by the name of the result."""
    picture = torch.rand(1, 3, ROWS, COLUMNS)
    encoder, unet = PhotoEncoder().eval(), AttentionUNet(AttentionUNetConfig()).eval()
    detector = Detector(DetectorConfig()).eval()
    lite = timm.create_model(
        "tf_efficientnet_lite0", pretrained=False, features_only=True, out_indices=(0, 1, 2, 3)
    ).eval()
    lite.blocks = lite.blocks[:5]  # ours ends there
    lraspp = lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=1).eval()
    ssd = ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=11).eval()
    square = torch.rand(1, 3, 320, 320)

    def peer_ssd() -> Any:
        return ssd.head(list(ssd.backbone(square).values()))

    def peer_lraspp(rows: int, columns: int) -> Forward:
        x = torch.rand(1, 3, rows, columns)
        return lambda: lraspp(x)

    def ours_detector(rows: int, columns: int) -> Forward:
        x = torch.rand(1, 3, rows, columns)
        return lambda: detector(x)

    return {
        "photo_encoder_vs_timm": (lambda: encoder(picture), lambda: lite(picture)),
        "segmenter_vs_lraspp": (
            lambda: unet(picture),
            nearest(peer_lraspp, multiply_adds(lambda: unet(picture)), 3),
        ),
        "detector_vs_ssdlite": (nearest(ours_detector, multiply_adds(peer_ssd), 16), peer_ssd),
    }


def measure() -> Iterator[tuple[str, float, str]]:
    """Name, value and unit of each result."""
    torch.manual_seed(0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the app runs them, for one of many learners
    try:
        yield from _measure()
    finally:
        torch.set_num_threads(threads)


def _measure() -> Iterator[tuple[str, float, str]]:
    with torch.inference_mode():
        for name, calls in pairs().items():
            ours, theirs = (multiply_adds(call) for call in calls)
            times: tuple[list[float], list[float]] = ([], [])
            for turn in range(WARM + TURNS):
                for which in (0, 1) if turn % 2 else (1, 0):
                    spent = seconds(calls[which])
                    if turn >= WARM:
                        times[which].append(spent)
            medians = [1000 * statistics.median(spent) for spent in times]
            yield name, medians[0] / medians[1], ""
            yield f"{name}_multiply_adds", ours / theirs, ""
            yield f"{name.partition('_vs_')[0]}_ms", medians[0], "ms"
