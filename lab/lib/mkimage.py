#!/usr/bin/env python3
"""Makes a container image archive (docker-archive) out of files of this machine, with the libraries they need.

mkimage.py OUT TAG ENTRYPOINT_JSON SOURCE:PATH... @TARGET:PATH...

SOURCE:PATH puts a file (or all files of a folder) at PATH; @TARGET:PATH makes PATH a symbolic link to TARGET.
The same inputs give the same bytes.
"""
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile


def needed_libraries(path):
    found = subprocess.run(["ldd", path], capture_output=True, text=True)
    return re.findall(r"(/\S+)\s+\(0x", found.stdout) if found.returncode == 0 else []


def collect(arguments):
    files, links = {}, {}
    for argument in arguments:
        source, path = argument.split(":")
        if source.startswith("@"):
            links[path] = source[1:]
            continue
        names = os.listdir(source) if os.path.isdir(source) else [""]
        for name in names:
            file = os.path.join(source, name) if name else source
            files[os.path.join(path, name) if name else path] = file
            files.update({library: os.path.realpath(library) for library in needed_libraries(file)})
    return files, links


def layer(files, links):
    buffer = io.BytesIO()
    folders = set()

    def entry(path, **attributes):
        info = tarfile.TarInfo(path.strip("/"))
        for name, value in attributes.items():
            setattr(info, name, value)
        return info

    with tarfile.open(fileobj=buffer, mode="w") as tar:

        def parents(path):
            parts = path.strip("/").split("/")[:-1]
            for end in range(1, len(parts) + 1):
                folder = "/".join(parts[:end])
                if folder not in folders:
                    folders.add(folder)
                    mode = 0o1777 if folder == "tmp" else 0o755
                    tar.addfile(entry(folder, type=tarfile.DIRTYPE, mode=mode))

        for folder in ("tmp", "etc", "run", "proc", "sys", "dev"):
            parents(folder + "/x")
        for path, source in sorted(files.items()):
            parents(path)
            with open(source, "rb") as content:
                tar.addfile(entry(path, size=os.path.getsize(source), mode=0o755), content)
        for path, target in sorted(links.items()):
            parents(path)
            tar.addfile(entry(path, type=tarfile.SYMTYPE, linkname=target))
    return buffer.getvalue()


def main(out, tag, entrypoint, *arguments):
    data = layer(*collect(arguments))
    digest = hashlib.sha256(data).hexdigest()
    config = json.dumps({
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": json.loads(entrypoint), "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest]},
    }).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = [{"Config": config_name, "RepoTags": [tag], "Layers": [digest + "/layer.tar"]}]
    with tarfile.open(out, "w") as archive:
        parts = [(config_name, config), (digest + "/layer.tar", data), ("manifest.json", json.dumps(manifest).encode())]
        for name, content in parts:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


main(*sys.argv[1:])
