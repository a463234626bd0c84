"""What has to be set before torch is loaded: by whoever trains, before anything opens a base."""

from polyculture.nets.efficiency import allocator, primitives, threads


def set_up() -> None:
    """Sleeping threads, kept kernels, kept memory; what the user has set stays."""
    threads.be_polite()
    primitives.keep_kernels()
    allocator.keep_freed_memory()
