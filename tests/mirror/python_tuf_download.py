"""Downloads a target through an edge with python-tuf: ROOT URL FOLDER TARGET."""

import sys
from pathlib import Path

from tuf.ngclient import Updater

root, url, folder, target = sys.argv[1:]
metadata = Path(folder) / "metadata"
targets = Path(folder) / "targets"
metadata.mkdir(parents=True, exist_ok=True)
targets.mkdir(exist_ok=True)
updater = Updater(
    metadata_dir=str(metadata),
    metadata_base_url=url + "metadata/",
    target_dir=str(targets),
    target_base_url=url + "targets/",
    bootstrap=Path(root).read_bytes(),
)
updater.refresh()
info = updater.get_targetinfo(target)
assert info is not None, f"{target} is not licensed"
print(updater.download_target(info, filepath=str(targets / "download")))
