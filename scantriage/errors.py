"""Everything scantriage raises on purpose.

    ScantriageError
    ├── UnusableInput          a file or folder from outside that cannot be used; the message names it
    │   ├── UnreadableScan     not an image we can decode, or one that breaks a limit
    │   ├── InvalidSidecar     the sidecar is missing, not JSON, or has wrong fields
    │   ├── InvalidProfile     a scanner's profile is not TOML or has wrong fields
    │   ├── InvalidManifest    the manifest cannot be read as a table
    │   ├── UnreadablePhoto    not a JPEG or PNG picture, or one that breaks a limit
    │   └── UnsafeArchive      an archive with links, paths out of its folder, or too much inside
    ├── NotComparable          two scans that cannot be compared; the message is the reason an analyst reads
    ├── ContainerNotFound      no container in the image
    ├── InvalidModel           weights that are missing, damaged or not those of the manifest
    ├── CannotLearn            examples or a checkpoint that nothing can be learned from
    ├── ActRefused             an act in the workbench that its rules do not allow; the sentence says why
    ├── ReferralNotMade        a referral whose package cannot be made; the sentence is what a supervisor reads
    └── WorkspaceError         the workspace cannot be written or was made by a newer version

Messages are one clear sentence. Facts travel as keyword arguments and stay on the exception as ``facts``.
"""

from __future__ import annotations

import errno

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class ScantriageError(Exception):
    """Base of all errors raised on purpose; ``facts`` holds the numbers behind the sentence."""

    def __init__(self, sentence: str, **facts: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.facts = facts

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with the facts, because errors travel from worker processes."""
        return (_rebuild, (type(self), self.sentence, self.facts))


def _rebuild(kind: type[ScantriageError], sentence: str, facts: dict[str, object]) -> ScantriageError:
    return kind(sentence, **facts)


class UnusableInput(ScantriageError):
    """A file or folder from outside that cannot be used."""


class UnreadableScan(UnusableInput):
    """Not an image that can be decoded, or one that breaks a limit."""


class InvalidSidecar(UnusableInput):
    """The sidecar is missing, not JSON, or has wrong fields."""


class InvalidProfile(UnusableInput):
    """A scanner's profile is not TOML, or has wrong fields."""


class InvalidManifest(UnusableInput):
    """The manifest cannot be read as a table."""


class UnreadablePhoto(UnusableInput):
    """Not a JPEG or PNG picture, or one that breaks a limit."""


class UnsafeArchive(UnusableInput):
    """An archive with links, paths out of its folder, or too much inside."""


class NotComparable(ScantriageError):
    """Two scans that cannot be compared; the sentence is the reason an analyst reads."""


class ContainerNotFound(ScantriageError):
    """No container was found in the image."""


class InvalidModel(ScantriageError):
    """Weights of a network that are missing, damaged, or not those that the manifest names."""


class CannotLearn(ScantriageError):
    """Examples or a checkpoint that nothing can be learned from."""


class ActRefused(ScantriageError):
    """An act in the workbench that its rules do not allow; the sentence says why, to whoever tried it."""


class ReferralNotMade(ScantriageError):
    """A referral whose package cannot be made; the sentence is what a supervisor reads."""


class WorkspaceError(ScantriageError):
    """The workspace cannot be written, or was made by a newer version."""


def says_disk_full(error: BaseException) -> bool:
    """Whether the operating system refused to write because there is no room."""
    return isinstance(error, OSError) and error.errno in _DISK_FULL
