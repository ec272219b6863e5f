"""One cold run of python-tuf: refresh, then look-ups. Arguments: FOLDER METADATA_URL PATHS.json"""

import json
import sys
import time

from tuf.ngclient import Updater, UpdaterConfig

folder, url, paths_file = sys.argv[1:]
with open(paths_file) as file:
    paths = json.load(file)
with open(f"{folder}/root.json", "rb") as file:
    root = file.read()


def resident_memory():
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


idle = resident_memory()
started = time.perf_counter()
config = UpdaterConfig(targets_max_length=2**28)
updater = Updater(f"{folder}/python", url, bootstrap=root, config=config)
updater.refresh()
refreshed = time.perf_counter()
resident = resident_memory() - idle
for path in paths:
    assert updater.get_targetinfo(path) is not None, path
found = time.perf_counter()
print(
    json.dumps(
        {
            "refresh": (refreshed - started) * 1000,
            "lookups": (found - refreshed) * 1000,
            "resident": resident,
        }
    )
)
