"""Verify an export of the audit trail without Maestro: verify_export.py EXPORT.jsonl KEY.pub

KEY.pub is the public key that you got another way than with the export.
"""
# ruff: noqa: INP001, T201

import json
import sys
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

export, key = Path(sys.argv[1]), load_pem_public_key(Path(sys.argv[2]).read_bytes())
if not isinstance(key, Ed25519PublicKey):
    sys.exit("the key is not an Ed25519 public key")
heads, previous, covered = ["0" * 64], "0" * 64, 0
for seq, line in enumerate(export.read_text("utf-8").split("\n")[:-1], start=1):
    entry = json.loads(line)
    heads.append(sha256((heads[-1] + entry["text"]).encode()).hexdigest())
    if (entry["seq"], entry["hash"]) != (seq, heads[seq]):
        sys.exit(f"entry {seq} does not follow from the one before it")
for line in Path(f"{export}.checkpoints.jsonl").read_text("utf-8").split("\n")[:-1]:
    point, (signed, _) = json.loads(line), line.split(',"signature"')
    covered = point["length"]
    key.verify(  # raises InvalidSignature
        bytes.fromhex(point["signature"]), f"maestro-audit-checkpoint-v1\n{signed}}}".encode()
    )
    if heads[covered : covered + 1] != [point["head"]] or point["previous"] != previous:
        sys.exit(f"checkpoint {point['n']} is signed over another trail: changed or cut off")
    previous = sha256(line.encode()).hexdigest()
if covered < len(heads) - 1:
    sys.exit(f"the entries after {covered} are under no checkpoint")
found = f"{covered} entries, head {heads[-1]}"
manifest = json.loads(Path(f"{export}.manifest.json").read_text("utf-8"))
signature = manifest.pop("signature", None)
if signature is None:  # whoever cuts the end off can take it off as well
    sys.exit(f"{found}: no signed manifest, compare length and head with those noted elsewhere")
key.verify(  # raises InvalidSignature
    bytes.fromhex(signature),
    b"maestro-audit-export-v1\n" + json.dumps(manifest, sort_keys=True).encode(),
)
if manifest["sha256"] != sha256(export.read_bytes()).hexdigest():
    sys.exit("the export is not what its signed manifest says: edited or cut off")
print(f"ok: {found}")
