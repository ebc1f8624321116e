"""measure.py PROGRAM [ARGS...] -- runs a program and writes to file descriptor 3 what the system counted for it, as JSON.

Node tells the CPU time and the peak memory of its own process only; os.wait4 tells those of a child that has ended."""
import json
import os
import sys
import time

begun = time.monotonic()
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
counted = {
    "wall": time.monotonic() - begun,
    "cpu": usage.ru_utime + usage.ru_stime,
    "memory": usage.ru_maxrss * 1024,
    "code": os.waitstatus_to_exitcode(status),
}
os.write(3, json.dumps(counted).encode())
