"""python-tuf as an oracle: reads a repository of ours, or writes one for us to read.

    python_tuf.py read FOLDER METADATA_URL TARGETS_URL TARGET...
    python_tuf.py write FOLDER
"""

import os
import sys
from datetime import datetime, timedelta, timezone

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer
from tuf.ngclient import Updater


def read(folder, metadata_url, targets_url, *paths):
    """Exits 0 when every target is found, downloaded and verified."""
    with open(f"{folder}/metadata/root.json", "rb") as file:
        root = file.read()
    updater = Updater(
        f"{folder}/python",
        metadata_url,
        f"{folder}/downloads",
        targets_url,
        bootstrap=root,
    )
    updater.refresh()
    for path in paths:
        target = updater.get_targetinfo(path)
        assert target is not None, path
        updater.download_target(target)


def write(folder):
    """A repository with every key type, a delegation and hash bins."""
    expires = (datetime.now(timezone.utc) + timedelta(days=1)).replace(microsecond=0)
    signers = {
        "root": CryptoSigner.generate_rsa(),
        "timestamp": CryptoSigner.generate_ecdsa(),
        "snapshot": CryptoSigner.generate_ed25519(),
        "targets": CryptoSigner.generate_rsa(scheme="rsa-pkcs1v15-sha256"),
    }
    root = Root(expires=expires, consistent_snapshot=True)
    for role, signer in signers.items():
        root.add_key(signer.public_key, role)

    binned = Targets(expires=expires)
    signers["team"] = CryptoSigner.generate_ecdsa()
    team = DelegatedRole("team", [], 1, False, paths=["team/*", "\U0001f600/*"])
    delegations = Delegations({}, roles={"team": team})
    targets = Targets(expires=expires, delegations=delegations)
    targets.add_key(signers["team"].public_key, "team")
    targets.targets["app"] = TargetFile.from_data("app", b"app", ["sha256", "sha512"])

    bins = SuccinctRoles([], 1, 3, "bin")
    binned.delegations = Delegations({}, succinct_roles=bins)
    signers["bins"] = CryptoSigner.generate_ed25519()
    binned.add_key(signers["bins"].public_key)
    roles = {"team": binned, "targets": targets}
    for name in bins.get_roles():
        roles[name] = Targets(expires=expires)
        signers[name] = signers["bins"]
    for path in ["team/app", "\U0001f600/\uff61"]:
        name = bins.get_role_for_target(path)
        roles[name].targets[path] = TargetFile.from_data(path, b"team app")

    snapshot = Snapshot(expires=expires)
    files = {}
    for name, signed in roles.items():
        files[f"1.{name}.json"] = save(signed, signers[name])
        snapshot.meta[f"{name}.json"] = MetaFile.from_data(1, files[f"1.{name}.json"], ["sha256"])
    files["1.snapshot.json"] = save(snapshot, signers["snapshot"])
    meta = MetaFile.from_data(1, files["1.snapshot.json"], ["sha256", "sha512"])
    timestamp = Timestamp(expires=expires, snapshot_meta=meta)
    files["timestamp.json"] = save(timestamp, signers["timestamp"])
    files["1.root.json"] = save(root, signers["root"])
    for name, data in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)


def save(signed, signer):
    metadata = Metadata(signed)
    metadata.sign(signer)
    return metadata.to_bytes(JSONSerializer())


{"read": read, "write": write}[sys.argv[1]](*sys.argv[2:])
