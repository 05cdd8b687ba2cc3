"""The photograph encoder equals timm's EfficientNet-Lite0 on the same weights."""

import pytest
import timm
import torch

from attn_core.models.photo_encoder import CHANNELS, PhotoEncoder, from_imagenet


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    encoder = PhotoEncoder()
    for module in encoder.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
    return encoder.eval()


@pytest.mark.parametrize("size", [(64, 96), (224, 224), (256, 32)])
def test_features_equal_timm(encoder, size):
    peer = timm.create_model("tf_efficientnet_lite0", pretrained=False, features_only=True).eval()
    theirs = peer.state_dict()
    for name, value in zip(theirs, encoder.state_dict().values(), strict=False):
        assert theirs[name].shape == value.shape, name
        theirs[name].copy_(value)
    pixels = torch.rand(2, 3, *size)
    with torch.inference_mode():
        ours = encoder(pixels)
        expected = peer((pixels - encoder.mean) / encoder.deviation)
    for (stride, mine), other in zip(ours.items(), expected, strict=False):
        assert mine.shape[1] == CHANNELS[stride]
        assert torch.allclose(mine, other, rtol=1e-4, atol=1e-4), stride


def test_published_weights_are_taken_in_order(encoder):
    published = {f"theirs.{k}": v for k, v in encoder.state_dict().items()}
    fresh = PhotoEncoder()
    from_imagenet(fresh, published)
    for mine, other in zip(fresh.state_dict().values(), encoder.state_dict().values(), strict=True):
        assert torch.equal(mine, other)


def test_weights_of_another_shape_are_refused(encoder):
    wrong = {k: v.flatten() for k, v in encoder.state_dict().items()}
    with pytest.raises(ValueError, match="wants"):
        from_imagenet(PhotoEncoder(), wrong)


def test_a_side_that_is_no_patches_is_refused(encoder):
    with pytest.raises(ValueError, match="16"):
        encoder(torch.rand(1, 3, 40, 64))
