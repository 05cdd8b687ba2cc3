"""Every example in a docstring of the core runs."""

import doctest
import importlib
import pkgutil

import pytest

import attn_core

SKIPPED = {"attn_core.training": "training needs packages that the app does not"}
MODULES = [
    m.name
    for m in pkgutil.walk_packages(attn_core.__path__, "attn_core.")
    if not any(m.name.startswith(prefix) for prefix in SKIPPED)
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0
