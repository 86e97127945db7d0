import subprocess
import sys

import numpy as np

from benchmarks.memory import memory_mib

_TELL = "from benchmarks.memory import memory_mib; print(memory_mib('VmHWM'))"


def test_what_a_large_process_starts_is_not_credited_with_its_size():
    held = np.ones(40 * 2**20)  # 320 MiB, touched
    assert memory_mib("VmHWM") >= memory_mib("VmRSS") > held.nbytes / 2**20
    told = subprocess.run([sys.executable, "-c", _TELL], capture_output=True, check=True, text=True).stdout
    assert float(told) < held.nbytes / 2**20
