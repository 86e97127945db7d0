"""An engine without processes, for what is not about processes."""


class InlineEngine:
    """Does jobs in this process, one after the other."""

    def __init__(self, *_args, **_options) -> None:
        pass

    def run(self, job, items):
        for item in items:
            yield item, job(item)
