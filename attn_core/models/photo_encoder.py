"""Photographs to features at four scales: EfficientNet-Lite0 up to stride 16.

Tan and Le 2019, table 1, in the "Lite" form that Google published in 2020 (no squeeze-and-excite,
ReLU6): inverted residuals of Sandler et al. 2018. It has no attention; lessons 4.1 and 4.2 put
theirs on top.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
)
"""Blocks, kernel, stride, expansion and channels of each stage."""
STEM = 32
TAPS = {0: 2, 1: 4, 2: 8, 4: 16}
"""Stage whose output is given, and its stride."""
CHANNELS = {2: 16, 4: 24, 8: 40, 16: 112}
"""Channels of the features by stride."""
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's pixels in [0, 1]; red, green, blue."""


class SameConv(nn.Conv2d):
    """A convolution that pads as TensorFlow does: more at the right and the bottom."""

    def forward(self, x: Tensor) -> Float[Tensor, "batch channel row column"]:
        """Convolve; the output has ceil(size / stride) rows and columns."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        pads = []
        for size in (x.shape[-1], x.shape[-2]):
            need = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [need // 2, need - need // 2]
        if pads[0] == pads[1] == pads[2] == pads[3]:
            return nn.functional.conv2d(
                x, self.weight, self.bias, self.stride, pads[0], 1, self.groups
            )
        return super().forward(nn.functional.pad(x, pads))


def convolution(
    before: int, after: int, kernel: int, stride: int = 1, groups: int = 1, *, act: bool = True
) -> nn.Sequential:
    """Convolution, batch norm and, where asked, ReLU6.

    Parameters
    ----------
    before, after : int
        Channels.
    kernel, stride, groups : int
        Of the convolution.
    act : bool
        Whether ReLU6 follows.

    Returns
    -------
    nn.Sequential
        Its layers.
    """
    layers: list[nn.Module] = [
        SameConv(before, after, kernel, stride, groups=groups, bias=False),
        nn.BatchNorm2d(after, eps=1e-3, momentum=0.01),
    ]
    return nn.Sequential(*layers, nn.ReLU6()) if act else nn.Sequential(*layers)


class InvertedResidual(nn.Module):
    """Widen, convolve each channel alone, narrow; added to the input where shapes allow.

    Sandler et al. 2018, figure 3b.
    """

    def __init__(self, before: int, after: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = before * expansion
        layers = [] if expansion == 1 else [convolution(before, wide, 1)]
        layers.append(convolution(wide, wide, kernel, stride, wide))
        layers.append(convolution(wide, after, 1, act=False))
        self.layers = nn.Sequential(*layers)
        self.residual = stride == 1 and before == after

    def forward(self, x: Tensor) -> Float[Tensor, "batch channel row column"]:
        """The block's output."""
        out = self.layers(x)
        return x + out if self.residual else out


class PhotoEncoder(nn.Module):
    """Features of a photograph at strides 2, 4, 8 and 16."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = convolution(3, STEM, 3, 2)
        self.stages = nn.ModuleList()
        before = STEM
        for blocks, kernel, stride, expansion, after in STAGES:
            stage = []
            for block in range(blocks):
                stage.append(
                    InvertedResidual(before, after, kernel, 1 if block else stride, expansion)
                )
                before = after
            self.stages.append(nn.Sequential(*stage))
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer(
            "deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1), persistent=False
        )

    def forward(
        self, pixels: Float[Tensor, "batch 3 row column"]
    ) -> dict[int, Float[Tensor, "batch _ _ _"]]:
        """Features by stride.

        Parameters
        ----------
        pixels : Float[Tensor, "batch 3 row column"]
            Red, green and blue in [0, 1]; sides that 16 divides.

        Returns
        -------
        dict of Float[Tensor, "batch channel row column"]
            By stride, with ``CHANNELS`` channels.

        Raises
        ------
        ValueError
            If 16 does not divide a side.
        """
        if pixels.shape[-1] % 16 or pixels.shape[-2] % 16:
            raise ValueError(f"the picture is {tuple(pixels.shape[-2:])}; 16 must divide each side")
        x = self.stem((pixels - self.mean) / self.deviation)
        out = {}
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in TAPS:
                out[TAPS[index]] = x
        return out


def from_imagenet(encoder: PhotoEncoder, weights: dict[str, Tensor]) -> None:
    """Fill an encoder with a published EfficientNet-Lite0's weights, tensor by tensor in order.

    Parameters
    ----------
    encoder : PhotoEncoder
        Changed in place.
    weights : dict of Tensor
        A whole EfficientNet-Lite0 for ImageNet; what comes after stride 16 is left out.

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    ours = encoder.state_dict()
    for (name, mine), (theirs, value) in zip(ours.items(), weights.items(), strict=False):
        if mine.shape != value.shape:
            raise ValueError(f"{theirs} is {tuple(value.shape)}; {name} wants {tuple(mine.shape)}")
        mine.copy_(value)
