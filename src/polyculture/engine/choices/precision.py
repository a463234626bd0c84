"""What is fastest on this machine for this network: chosen by timing once, then remembered.

CPU flags mislead: bfloat16 is several times faster than float32 on one machine and many times
slower on the next, and the fused attention kernel has a slow backward pass where there is padding.
So a real batch is trained on for a moment with each candidate. The choice is kept in the user's
cache under a name made of machine, library and network, so that the same recipe gives the same
bytes tomorrow; it is recorded in the run and read back on resume.
"""

import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from polyculture.core.record import Record
from polyculture.nets.batch import Batch, Outputs
from polyculture.nets.efficiency import attention
from polyculture.nets.efficiency.dropout import drops
from polyculture.nets.efficiency.embedding import CompactEmbedding
from polyculture.nets.network import Network
from polyculture.store.digest import of_json
from polyculture.store.home import home, keep

Precision = Literal["float32", "bfloat16"]
REPEATS = 2
FASTER = 0.95
"""Another candidate has to be this much faster than the first to be chosen."""


class Kernels(Record):
    """How the arithmetic is done."""

    precision: Precision
    attention: str
    """Name of the attention kernel; empty for a network without attention."""


def choose(
    network: Network,
    batch: Batch,
    loss_of: Callable[[Outputs, Batch], Tensor],
    *,
    wanted: Literal["auto", "float32", "bfloat16"],
    threads: int,
) -> Kernels:
    """Time the candidates on a real batch, or remember what was chosen before.

    Args:
        network: As it will be trained; its weights are left as they are.
        batch: One thread's share of a typical batch, with targets.
        loss_of: (outputs, batch) to the summed loss.
        wanted: What the recipe says about precision.
        threads: Threads of the training.
    """
    place = home() / "machine" / f"{_fingerprint(network, wanted, threads)}.json"
    known = _remembered(place)
    if known is not None:
        return known
    torch.set_num_threads(1)  # as each thread of a team works
    try:
        chosen = _fastest(network, batch, loss_of, wanted=wanted, threads=threads)
    finally:
        torch.set_num_threads(threads)
    keep(place, chosen.model_dump_json())
    return chosen


def _remembered(place: Path) -> Kernels | None:
    """What was chosen before; none where there is nothing, or it is broken and made anew."""
    try:
        return Kernels.model_validate_json(place.read_bytes())
    except (OSError, ValidationError):
        return None


def _fastest(
    network: Network,
    batch: Batch,
    loss_of: Callable[[Outputs, Batch], Tensor],
    *,
    wanted: str,
    threads: int,
) -> Kernels:
    kernels = _attention_kernels(network, threads)
    precisions: list[Precision] = ["float32", "bfloat16"] if wanted == "auto" else [wanted]  # type: ignore[list-item]
    if wanted == "auto" and not _pays(network, batch):
        precisions = ["float32"]
    candidates = [Kernels(precision=p, attention=a) for p in precisions for a in kernels]
    if len(candidates) == 1:
        return candidates[0]
    state = torch.get_rng_state()
    best, best_seconds = candidates[0], float("inf")
    for kernel in candidates:
        seconds = _seconds(network, batch, loss_of, kernel)
        if seconds < FASTER * best_seconds:
            best, best_seconds = kernel, seconds
    network.zero_grad(set_to_none=True)
    torch.set_rng_state(state)
    return best


def has_fused_attention(network: Network) -> bool:
    """Whether torch's fused kernel of attention serves a network; one of convolutions has none."""
    model: Any = network.model
    return hasattr(model, "set_attn_implementation") and bool(model._supports_sdpa)  # noqa: SLF001  # there is no public name


def _attention_kernels(network: Network, threads: int) -> list[str]:
    if not hasattr(network.model, "set_attn_implementation"):
        return [""]
    ours = [attention.register()]
    if not has_fused_attention(network):
        return ours
    # torch's kernel draws its dropout from the generator that all threads share, so several of
    # them could not repeat what they did
    return ours if threads > 1 and drops(network.body) else [*ours, "sdpa"]


def _pays(network: nn.Module, batch: Batch) -> bool:
    """Whether bfloat16 products are faster on the largest linear layer of the network's body."""
    body = getattr(network, "body", network)  # the head of a language model may be huge
    layers = [m for m in body.modules() if isinstance(m, nn.Linear)]
    if not layers:
        return True
    layer = max(layers, key=lambda m: m.weight.numel())
    values = torch.ones(max(1, min(batch.size, 512)), layer.in_features)
    weight = layer.weight.detach()

    def product(kind: torch.dtype) -> float:
        x, w = values.to(kind), weight.to(kind)
        return _timed(lambda: nn.functional.linear(x, w))

    return product(torch.bfloat16) < product(torch.float32)


def _timed(work: Callable[[], Any]) -> float:
    work()
    best = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def _seconds(
    network: Network,
    batch: Batch,
    loss_of: Callable[[Outputs, Batch], Tensor],
    kernels: Kernels,
) -> float:
    use(network, kernels)

    def step() -> None:
        with arithmetic(kernels.precision):
            outputs = network(batch)
        loss_of(outputs, batch).backward()

    network.train()
    return _timed(step)


def use(network: Network, kernels: Kernels) -> None:
    """Make a network use the chosen attention kernel."""
    model: Any = network.model
    if kernels.attention and hasattr(model, "set_attn_implementation"):
        if kernels.attention == attention.NAME:
            attention.register()
        model.set_attn_implementation(kernels.attention)


def arithmetic(precision: Precision) -> torch.autocast:
    """The context in which matrix products run in the chosen precision."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bfloat16")


def _fingerprint(network: Network, wanted: str, threads: int) -> str:
    # how many tokens the texts hold does not matter, so that a check chooses for the training too
    tables = {id(m.weight) for m in network.modules() if isinstance(m, CompactEmbedding)}
    shapes = [
        (name, list(weight.shape)[id(weight) in tables :])
        for name, weight in network.named_parameters()
    ]
    # which kernels may be chosen depends on dropout, which has no weights
    kernels = _attention_kernels(network, threads)
    return of_json([machine(), torch.__version__, shapes, wanted, threads, kernels])[:24]


def machine() -> dict[str, str]:
    """What makes this machine's timings its own."""
    return {
        "processor": _processor(),
        "architecture": platform.machine(),
        "instructions": str(torch.backends.cpu.get_cpu_capability()),
        "cap": os.environ.get("ONEDNN_MAX_CPU_ISA", ""),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    facts = {line.partition(":")[0].strip(): line.partition(":")[2].strip() for line in lines}
    return json.dumps([facts.get("model name", ""), facts.get("flags", facts.get("Features", ""))])
