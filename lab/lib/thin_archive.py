#!/usr/bin/env python3
"""thin_archive.py ARCHIVE OUT <digests: converts a docker-archive to an OCI archive that lacks
the layers which the node has.

containerd accepts an archive that lacks a layer if it has that layer itself. Standard input lists
the digests that it has, one per line.
"""
import hashlib
import io
import json
import sys
import tarfile

OCI = "application/vnd.oci.image."


def main(source, out, present):
    with tarfile.open(source) as archive, tarfile.open(out, "w") as thin:

        def put(name, size, content):
            info = tarfile.TarInfo(name)
            info.size = size
            thin.addfile(info, content)

        def blob(kind, data):
            digest = hashlib.sha256(data).hexdigest()
            put("blobs/sha256/" + digest, len(data), io.BytesIO(data))
            return {"mediaType": OCI + kind, "digest": "sha256:" + digest, "size": len(data)}

        put("oci-layout", 30, io.BytesIO(b'{"imageLayoutVersion":"1.0.0"}'))
        manifests = []
        for image in json.load(archive.extractfile("manifest.json")):
            config = archive.extractfile(image["Config"]).read()
            layers = []
            # Layers in a docker-archive are not compressed: their digest is the config's diff id.
            for name, digest in zip(image["Layers"], json.loads(config)["rootfs"]["diff_ids"]):
                member = archive.getmember(name)
                while member.issym() or member.islnk():
                    member = archive.getmember(member.linkname.removeprefix("../"))
                layers.append({"mediaType": OCI + "layer.v1.tar", "digest": digest, "size": member.size})
                if digest not in present:
                    put("blobs/" + digest.replace(":", "/"), member.size, archive.extractfile(member))
            manifest = blob("manifest.v1+json", json.dumps({
                "schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
                "config": blob("config.v1+json", config), "layers": layers,
            }).encode())
            for tag in image["RepoTags"] or []:
                manifests.append(manifest | {"annotations": {"io.containerd.image.name": tag}})
        index = json.dumps({"schemaVersion": 2, "manifests": manifests}).encode()
        put("index.json", len(index), io.BytesIO(index))


main(sys.argv[1], sys.argv[2], set(sys.stdin.read().split()))
